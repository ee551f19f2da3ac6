"""Whose a build's folder is: Zuul's token opens it, and the first job that comes with it keeps it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pkgci_logs import claim
from pkgci_logs.append import append
from pkgci_logs.receive import receive
from pkgci_logs.room import Room
from pkgci_logs.store import Refused, build_path

from pkgci.model.site import Site
from pkgci.pipelines.layout import render
from tests.unit.logs.conftest import KEY, LIBRARY, MINE, OTHER, PATH, opening
from tests.unit.logs.test_receive import said, sent

OF_ANOTHER = "12/3412/3/check/other/0123abc"


@pytest.mark.parametrize(
    "head",
    [
        opening(OF_ANOTHER),
        opening("12/3412/4/check/job/0123abc"),
        opening(key=b"guessed"),
        b"\n" + MINE.encode() + b"\n",
        ("\N{LATIN SMALL LETTER E WITH ACUTE}" * 32 + f"\n{MINE}\n").encode(),
    ],
)
@pytest.mark.parametrize("action", ["append", "upload"])
def test_the_token_of_another_build_or_none_opens_no_folder(room: Room, action: str, head: bytes) -> None:
    with pytest.raises(Refused, match="not the token for this build"):
        receive(room, f"{action} {PATH}", KEY, said(head + b"{}\nfile 1 a\nxend\n"))
    assert list(room.store.logs.iterdir()) == [] and list(room.store.streams.iterdir()) == []


def test_whoever_comes_second_with_the_token_adds_nothing(room: Room) -> None:
    assert append(room, build_path(PATH), KEY, said(opening() + b"{}\n3\none"), print, lambda: None) is False
    with pytest.raises(Refused, match="somebody else's"):
        receive(room, f"upload {PATH}", KEY, said(opening(secret=OTHER) + b"file 2 result.json\n{}end\n"))
    assert not (room.store.logs / PATH / "result.json").exists()
    assert receive(room, f"upload {PATH}", KEY, said(sent(("result.json", b"{}")))) == 0


def test_a_build_that_has_ended_takes_the_rest_for_some_minutes_and_then_nothing_from_anybody(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(room, f"upload {PATH}", KEY, said(sent(("result.json", b"{}"))))
    assert receive(room, f"upload {PATH}", KEY, said(sent(("late.txt", b"x")))) == 0
    monkeypatch.setattr(claim, "GRACE", -1.0)
    for action in ("upload", "append"):
        with pytest.raises(Refused, match="has ended"):
            receive(room, f"{action} {PATH}", KEY, said(opening() + b"{}\n"))


def test_what_opens_a_folder_is_nowhere_on_the_log_server(room: Room) -> None:
    receive(room, f"upload {PATH}", KEY, said(sent(("a", b"x"))))
    words = opening().decode().split()
    for file in (*room.store.logs.rglob("*"), *room.store.state.rglob("*")):
        assert not any(word in file.name for word in words)
        assert not file.is_file() or not any(word in file.read_text() for word in words)


def test_zuul_gives_each_job_the_token_that_the_log_server_takes(
    site: Site, room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(LIBRARY.parents[1] / "zuul/files/zuul-py3"))
    text = next(text for name, text in render(site).files.items() if name.startswith("functions-"))
    code: dict[str, Any] = {}
    exec(text, code)
    (tmp_path / "key").write_bytes(KEY)
    monkeypatch.setitem(code["log_token"].__globals__, "KEY", tmp_path / "key")
    functions = [name for name in code if name.startswith("on_")]
    assert "on_slave_build" in functions and "on_publisher" in functions
    for number, name in enumerate(functions):
        path = f"{PATH[:-1]}{number}"
        parameters = {"LOG_PATH": path, "ZUUL_REF": "refs/zuul/main/Z1", "ZUUL_PROJECT": "packaging/hello"}
        item = SimpleNamespace(change=SimpleNamespace(), current_build_set=SimpleNamespace())
        code[name](item, None, parameters)
        head = f"{parameters['PKGCI_LOG_TOKEN']}\n{MINE}\n".encode()
        assert receive(room, f"upload {path}", KEY, said(head + b"file 1 a\nxend\n")) == 0


def test_the_time_of_an_upload_is_the_log_servers(room: Room) -> None:
    receive(room, f"upload {PATH}", KEY, said(sent(("result.json", b"{}"))))
    os.utime(room.store.logs / PATH / "result.json", (0, 0))
    assert not claim._has_ended(room.store, build_path(PATH), time.time())
