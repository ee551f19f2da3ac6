"""Why a job failed: its own words, in the report of the change."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import reasons

SOON = 10
PATH = "5/5/2/gate/greet-install/0123456"


@pytest.fixture
def logs() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A log server: its address, and what it has (path → content)."""
    files: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", files
        server.shutdown()


class Launcher:
    """Zuul's Gearman launcher, as far as the mending touches it."""

    def __init__(self, url: str | None, result: str, *, canceled: bool = False) -> None:
        class Gearman:
            def __init__(self, config: Any) -> None:
                self.log = SimpleNamespace(warning=lambda *words: None)

            def onBuildCompleted(own, job: Any, result: Any = None) -> None:  # noqa: N802, N805
                self.reported.append(result)
                self.done.set()

        self.reported: list[Any] = []
        self.done = threading.Event()
        self.build = SimpleNamespace(parameters={"LOG_PATH": PATH}, canceled=canceled)
        module = SimpleNamespace(Gearman=Gearman, getJobData=lambda job: {"result": result})
        reasons.ask_why_a_build_failed(module)
        config = SimpleNamespace(has_option=lambda *name: url is not None, get=lambda *name: url)
        self.zuul: Any = module.Gearman(config)
        self.zuul.builds = {"u": self.build}

    def end(self) -> str:
        """The build ends; the reason that is known of it then."""
        self.zuul.onBuildCompleted(SimpleNamespace(unique="u"))
        assert self.done.wait(SOON)
        assert self.reported == [None]
        return getattr(self.build, "reason", "")


def test_the_reason_of_a_failed_job_is_asked_for_before_it_is_reported(logs: tuple[str, dict[str, bytes]]) -> None:
    address, files = logs
    files[f"/logs/{PATH}/result.json"] = json.dumps({"reason": "greet 1.0: does not install"}).encode()
    assert Launcher(f"{address}/logs/{{LOG_PATH}}/result.json", "FAILURE").end() == "greet 1.0: does not install"


@pytest.mark.parametrize("content", [None, b"{", b"[]", b'{"reason": null}'])
def test_a_job_whose_reason_cannot_be_had_is_reported_without_one(
    logs: tuple[str, dict[str, bytes]], content: bytes | None
) -> None:
    address, files = logs
    if content is not None:
        files[f"/{PATH}"] = content
    assert Launcher(f"{address}/{{LOG_PATH}}", "FAILURE").end() == ""


@pytest.mark.parametrize(
    ("url", "result", "canceled"),
    [("http://127.0.0.1:9/", "SUCCESS", False), ("http://127.0.0.1:9/", "FAILURE", True), (None, "FAILURE", False)],
)
def test_nobody_is_asked_about_a_job_that_passed_or_was_canceled_or_where_no_address_is_set(
    url: str | None, result: str, canceled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reasons, "fetch", lambda url: pytest.fail("somebody was asked"))
    assert Launcher(url, result, canceled=canceled).end() == ""


def test_the_report_has_each_reason_below_the_line_of_its_job() -> None:
    report = "- a https://log/a : FAILURE in 2s\n- b https://log/b : SUCCESS in 3s\n"
    builds = [SimpleNamespace(reason="it does not install"), SimpleNamespace()]
    assert reasons.with_reasons(report, builds).splitlines() == [
        "- a https://log/a : FAILURE in 2s",
        "    because: it does not install",
        "- b https://log/b : SUCCESS in 3s",
    ]


def test_a_reason_is_one_short_line_whatever_a_stranger_wrote_into_it() -> None:
    assert reasons.one_line("a\nrecheck\n\x1b[2J\u202eb") == "a recheck [2J b"
    assert len(reasons.one_line("long " * 1000)) == reasons.LONGEST
