"""The deployment of a layout: the plan, and the program that runs on Zuul's host, with a Zuul made of shell scripts."""

import contextlib
import fcntl
import json
import os
import socketserver
import subprocess
import threading
from collections.abc import Callable, Generator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

import pkgci.cli.agree
import pkgci.puppetrun.knowledge
import pkgci.remote.session
from pkgci.cli.main import run
from pkgci.errors import PkgciError
from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.pipelines import deploy
from pkgci.pipelines.contents import all_names, jobs_of, losses
from pkgci.pipelines.deploy import Live, Plan, check_jobs, live, look, plan, replace, zuul_host
from pkgci.pipelines.deploy import test as let_zuul_test
from pkgci.pipelines.layout import LAYOUT, Layout, render
from pkgci.puppetrun.knowledge import Knowledge
from pkgci.remote.errors import HostError
from pkgci.remote.session import Completed
from tests.unit.conftest import SITE


class Here:
    """A session with this machine, whose `systemctl`, `runuser` and Zuul are scripts."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.host = zuul_host(site)
        self._folder = folder

    def stream(
        self, command: str, *, stdin: bytes = b"", idle_timeout: float, sudo: bool | None = None
    ) -> Generator[str, None, Completed]:
        env = {**os.environ, "PATH": f"{self._folder / 'bin'}:{os.environ['PATH']}", "ZUUL": str(self._folder)}
        done = subprocess.run(["sh", "-c", command], input=stdin, capture_output=True, env=env, check=False)
        yield from done.stdout.decode().splitlines()
        return Completed(done.returncode, "", done.stderr.decode())


SCRIPTS = {
    "bin/runuser": 'shift 3\nexec "$@"\n',
    "bin/systemctl": 'echo "$*" >> "$ZUUL/asked"\ncase "$1" in reload|restart) sh "$ZUUL/reload";; esac\n',
    "bin/journalctl": 'cat "$ZUUL/log"\n',
    "venv/bin/zuul-server": 'echo "$*" >> "$ZUUL/tested"\ncat "$6" > "$ZUUL/jobs"\nsh "$ZUUL/verdict"\n',
    "venv/bin/python": "exit 0\n",
}
# What a reload does: Zuul says when it has read its layout.
TAKEN = 'printf \'{"pipelines": [], "last_reconfigured": %s000}\' "$(date +%s)" > "$ZUUL/status.json"\n'


@pytest.fixture
def zuul(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a host with a Zuul; its status.json is served, and Gearman offers the jobs in `functions`."""
    folder = tmp_path / "zuul-host"
    for name, text in SCRIPTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{text}")
        (folder / name).chmod(0o755)
    (folder / "etc").mkdir()
    (folder / "etc" / LAYOUT).write_text("# The first.\npipelines: []\nprojects: []\n")
    for name, text in {"verdict": "", "reload": TAKEN, "log": "", "functions": "", "tested": ""}.items():
        (folder / name).write_text(text)
    (folder / "status.json").write_text('{"pipelines": [], "last_reconfigured": 4102444800000}')

    class Web(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write((folder / "status.json").read_bytes())

        def log_message(self, *_: object) -> None:
            pass

    class Gearman(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            lines = (folder / "functions").read_text().split()
            self.wfile.write("".join(f"build:{name}\t0\t0\t1\n" for name in lines).encode() + b".\n")

    servers = [HTTPServer(("127.0.0.1", 0), Web), socketserver.TCPServer(("127.0.0.1", 0), Gearman)]
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    places = {
        "folder": str(folder / "etc"),
        "venv": str(folder / "venv"),
        "lock": str(folder / "lock"),
        "webapp": servers[0].server_address[1],
        "gearman": servers[1].server_address[1],
    }
    monkeypatch.setattr(deploy, "_PLACES", {**deploy._PLACES, **places})
    monkeypatch.setattr(deploy, "_PATIENCE", 2)
    yield folder
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def layout(site: Site) -> Layout:
    return render(site)


@pytest.fixture
def here(site: Site, zuul: Path, layout: Layout) -> Any:
    (zuul / "functions").write_text(" ".join(all_names(jobs_of(layout.data))))
    # The first look and the last reload are never in one second of a real clock.
    (zuul / "status.json").write_text('{"pipelines": [], "last_reconfigured": 1000}')
    os.utime(zuul / "etc" / LAYOUT, (0, 0))
    return Here(site, zuul)


def planned(here: Any, site: Site, layout: Layout) -> Plan:
    return plan(layout, look(here, site, layout))


def test_a_layout_replaces_the_live_one_and_the_second_time_there_is_nothing_to_do(
    here: Any, site: Site, zuul: Path, layout: Layout
) -> None:
    first = planned(here, site, layout)
    assert first.changes
    assert "-# The first." in first.diff
    told: list[str] = []
    replace(here, layout, first, told.append)
    assert told == ["test", "reload"]
    assert {path.name: path.read_text() for path in (zuul / "etc").iterdir()} == layout.files
    assert not planned(here, site, layout).changes


def test_zuul_tests_it_as_its_own_user_with_the_list_of_deployed_jobs(
    here: Any, site: Site, zuul: Path, layout: Layout
) -> None:
    let_zuul_test(here, layout, planned(here, site, layout))
    assert (zuul / "jobs").read_text().split() == list(all_names(jobs_of(layout.data)))
    assert (zuul / "etc" / LAYOUT).read_text().startswith("# The first.")
    assert [path.name for path in (zuul / "etc").iterdir()] == [LAYOUT]


def test_a_layout_that_zuul_refuses_leaves_the_live_one_alone(
    here: Any, site: Site, zuul: Path, layout: Layout
) -> None:
    before = planned(here, site, layout)
    (zuul / "verdict").write_text(
        "echo \"x.MultipleInvalid: bad value @ data['pipelines'][0]['manager']\" >&2; exit 1\n"
    )
    with pytest.raises(PkgciError, match=r"^layout\.yaml:\d+:\d+: Zuul refuses the layout: bad value"):
        replace(here, layout, before, print)
    assert (zuul / "etc" / LAYOUT).read_text().startswith("# The first.")
    assert [path.name for path in (zuul / "etc").iterdir()] == [LAYOUT]
    assert "reload" not in (zuul / "asked").read_text()


@pytest.mark.parametrize(
    ("reload", "log", "why"),
    [
        ("", "", "did not take the layout within 2 s"),
        ("", "ERROR zuul.Server: Reconfiguration failed:\nValueError: no such day\n", "no such day"),
        ("exit 1\n", "", "systemctl failed"),
    ],
    ids=["silent", "failed", "no reload"],
)
def test_where_zuul_does_not_take_it_the_old_one_is_back(
    here: Any, site: Site, zuul: Path, layout: Layout, reload: str, log: str, why: str
) -> None:
    before = planned(here, site, layout)
    (zuul / "reload").write_text(reload)
    (zuul / "log").write_text(log)
    with pytest.raises(HostError, match=why):
        replace(here, layout, before, print)
    assert (zuul / "etc" / LAYOUT).read_text().startswith("# The first.")
    assert not list((zuul / "etc").glob("*.py"))


def test_the_failure_of_the_new_layout_is_shown_and_not_taken_for_one_of_the_old(
    here: Any, site: Site, zuul: Path, layout: Layout
) -> None:
    before = planned(here, site, layout)
    # The journal has what was written since a second; the first attempt fails, the second one does not.
    (zuul / "bin/journalctl").write_text(
        '#!/bin/sh\nif [ "$(stat -c %Y "$ZUUL/log")" -ge "${7#@}" ]; then cat "$ZUUL/log"; fi\n'
    )
    failure = 'echo \'ERROR: Reconfiguration failed: no such day\' > "$ZUUL/log"; touch "$ZUUL/again"'
    (zuul / "reload").write_text(f'if [ -e "$ZUUL/again" ]; then {TAKEN} else {failure}; fi\n')
    told: list[str] = []
    with pytest.raises(HostError, match=r"the old one is back\. Its log:(.|\n)*no such day"):
        replace(here, layout, before, told.append)
    assert told == ["test", "reload", "roll back", "reload"]


def test_two_operators_do_not_deploy_at_once(here: Any, site: Site, zuul: Path, layout: Layout) -> None:
    before = planned(here, site, layout)
    with (zuul / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("bob@desk since 10:00:00 UTC")
        lock.flush()
        with pytest.raises(HostError, match="bob@desk since 10:00:00 UTC is deploying"):
            replace(here, layout, before, print)


def test_a_layout_that_changed_since_the_plan_is_not_replaced(
    here: Any, site: Site, zuul: Path, layout: Layout
) -> None:
    before = planned(here, site, layout)
    (zuul / "etc" / LAYOUT).write_text("# Somebody else's.\n")
    with pytest.raises(HostError, match="another layout since this plan"):
        replace(here, layout, before, print)
    assert (zuul / "etc" / LAYOUT).read_text() == "# Somebody else's.\n"


def test_an_older_python_file_goes_once_nothing_includes_it(here: Any, site: Site, zuul: Path, layout: Layout) -> None:
    for name in ("functions-0123456789ab.py", "functions.py", "mine.py"):
        (zuul / "etc" / name).write_text("")
    replace(here, layout, planned(here, site, layout), print)
    names = {path.name for path in (zuul / "etc").iterdir()}
    assert names == {*layout.files, "functions.py", "mine.py"}


def test_a_deployment_that_broke_off_before_the_reload_is_seen_and_made_up_for(
    here: Any, site: Site, zuul: Path, layout: Layout
) -> None:
    replace(here, layout, planned(here, site, layout), print)
    (zuul / "status.json").write_text('{"pipelines": [], "last_reconfigured": 1000}')
    again = planned(here, site, layout)
    assert again.live.pending and again.changes and not again.diff
    replace(here, layout, again, print)
    assert not planned(here, site, layout).changes


def test_a_job_that_is_not_deployed_is_named(layout: Layout) -> None:
    jobs = set(all_names(jobs_of(layout.data)))
    with pytest.raises(
        PkgciError, match=r"Jenkins does not have 1 job of the layout:\n  packaging-hello-promote$"
    ) as error:
        check_jobs(plan(layout, lives(layout, offered=jobs - {"packaging-hello-promote"})))
    assert error.value.hint == "first: pkgci deploy-jobs"


def test_a_job_that_no_slave_offers_now_is_deployed_all_the_same(layout: Layout) -> None:
    jobs = frozenset(all_names(jobs_of(layout.data)))
    found = plan(layout, lives(layout, offered=jobs - {"packaging-hello-promote"}, known=jobs))
    check_jobs(found)
    assert found.idle == ("packaging-hello-promote",)


def lives(layout: Layout, offered: Any = (), known: Any = (), status: Any = None) -> Live:
    return Live(layout.text, {}, 0, True, status, frozenset(offered), frozenset(offered) | frozenset(known))


def test_what_gearman_offers_is_known_by_the_jobs_names() -> None:
    told = {
        "layout": "",
        "python": {},
        "written": 0,
        "running": True,
        "status": None,
        "functions": ["build:a", "build:a:slave_build", "build:b:publisher", "stop:jenkins01"],
        "jenkins": None,
        "jenkins_problem": "https://jenkins01/: refused",
    }
    found = live(told)
    assert found.offered == {"a", "b"}
    assert found.problem == "https://jenkins01/: refused"


STATUS = {
    "pipelines": [
        {
            "name": "gate",
            "change_queues": [
                {
                    "heads": [
                        [
                            {"id": "1,1", "project": "packaging/hello", "live": False, "jobs": []},
                            {
                                "id": "7,2",
                                "project": "packaging/hello",
                                "live": True,
                                "jobs": [
                                    {"name": "packaging-hello-build-trixie", "launch_time": 1, "result": None},
                                    {"name": "packaging-hello-build-el9", "launch_time": 1, "result": None},
                                    {"name": "packaging-hello-publish-el9", "launch_time": None, "result": None},
                                ],
                            },
                        ]
                    ]
                }
            ],
        }
    ]
}


def test_a_change_whose_project_is_gone_is_listed_as_lost(write_site: Callable[[str], Path]) -> None:
    layout = render(load_site(write_site(SITE.replace("packaging/hello:", "packaging/other:"))))
    assert [str(loss) for loss in losses(STATUS, jobs_of(layout.data))] == [
        "gate: change 7,2 (packaging/hello) is dropped"
    ]


def test_a_running_job_that_is_gone_is_listed_as_lost(write_site: Callable[[str], Path]) -> None:
    layout = render(load_site(write_site(SITE.replace("[trixie, el9]", "[trixie]"))))
    assert [str(loss) for loss in losses(STATUS, jobs_of(layout.data))] == [
        "gate: the job packaging-hello-build-el9 of change 7,2 (packaging/hello) is stopped"
    ]


@pytest.mark.parametrize(
    ("terminal", "options", "status", "words"),
    [
        (False, (), 2, "1 change or job would be taken out of Zuul's queues, and nobody can be asked"),
        (True, ("--json",), 2, "1 change or job would be taken out of Zuul's queues, and nobody can be asked"),
        (True, (), 4, "nothing was done"),
    ],
)
def test_what_would_be_lost_needs_a_yes_and_without_one_nothing_is_done(
    here: Any,
    zuul: Path,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: bool,
    options: tuple[str, ...],
    status: int,
    words: str,
) -> None:
    queued = {"name": "check", "change_queues": [{"heads": [[{"id": "1,1", "project": "gone/away"}]]}]}
    (zuul / "status.json").write_text(json.dumps({"last_reconfigured": 1000, "pipelines": [queued]}))
    monkeypatch.setattr(pkgci.remote.session, "open_session", lambda *_, **__: contextlib.nullcontext(here))
    monkeypatch.setattr(pkgci.puppetrun.knowledge, "ask_slaves", lambda *_: Knowledge({}, {}))
    monkeypatch.setattr(pkgci.cli.agree, "sys", SimpleNamespace(stdin=Screen(terminal), stderr=Screen(True)))
    monkeypatch.setattr(click, "confirm", lambda *_, **__: False)
    assert run(["deploy-pipelines", "--site", str(site.path), *options]) == status
    assert words in capsys.readouterr().err
    assert (zuul / "etc" / LAYOUT).read_text().startswith("# The first.")


class Screen:
    """What is, or is not, a terminal."""

    def __init__(self, terminal: bool) -> None:
        self.isatty = lambda: terminal


def test_a_layout_with_the_same_jobs_loses_nothing(layout: Layout) -> None:
    assert losses(STATUS, jobs_of(layout.data)) == ()


def test_the_program_on_the_host_needs_nothing_but_python() -> None:
    text = (Path(deploy.__file__).parent / "on_host.py").read_text()
    done = subprocess.run(
        ["python3", "-I", "-S", "-"], input=text + "\nprint(json.dumps('ok'))\n", capture_output=True, text=True
    )
    assert json.loads(done.stdout) == "ok"
