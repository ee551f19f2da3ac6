"""The program that asks Gerrit from Zuul's host, run here with an ssh and a git that are scripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pkgci.model.site import Site
from pkgci.remote.errors import HostError
from pkgci.remote.session import Completed
from pkgci.review import asking
from tests.unit.review.fake_gerrit import FakeGerrit

SSH = """#!/bin/sh
echo "ssh $*" >> "$LOG"
case "$*" in
*"gerrit version") {version} ;;
*"gerrit ls-projects") echo packaging/hello ;;
*"gerrit stream-events") {stream} ;;
*"gerrit ls-members "*) printf 'id\\tusername\\n7\\tzuul\\n' ;;
*"gerrit query "*) cat "$LOG.changes" ;;
esac
"""
GIT = """#!/bin/sh
echo "git $* by $GIT_SSH_COMMAND in $HOME" >> "$LOG"
for last; do :; done
case "$*" in
*"ls-remote"*) {heads} ;;
*"clone"*) mkdir "$last"; {clone} ;;
esac
"""
HEADS = "printf 'aaaa\\trefs/heads/main\\n'"
SCAN = '#!/bin/sh\necho "[localhost]:29418 ssh-ed25519 AAAAshown"\n'
RUNUSER = '#!/bin/sh\nshift 3\nexec "$@"\n'

Ask = Callable[..., dict[str, Any]]


def shortened(program: str) -> str:
    """The program, with less patience for clones than a host's."""
    assert "\n_CLONES = 210\n" in program
    return program.replace("_HEADS, _CLONE = 40, 15, 60, 120", "_HEADS, _CLONE = 40, 15, 60, 1").replace(
        "\n_CLONES = 210\n", "\n_CLONES = 2\n"
    )


def clones_of(log: str) -> list[str]:
    """The folders that were cloned to, from the log of git."""
    return [line.split(" by ")[0].split()[-1] for line in log.splitlines() if line.startswith("git clone")]


@pytest.fixture
def ask(tmp_path: Path, review_site: Site, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Runs the program; ``version`` and ``stream`` are what ssh does, ``heads`` and ``clone`` what git does.

    ``projects`` are asked for, and ``text`` is what else is said in the program.
    """
    folder, programs, log = tmp_path / "home/.ssh", tmp_path / "bin", tmp_path / "log"
    folder.mkdir(parents=True)
    programs.mkdir()
    (folder / "gerrit").write_text("key")
    (folder / "known_hosts").write_text("[localhost]:29418 ssh-ed25519 AAAAknown\n")

    def run(
        version: str = "echo gerrit version 3.11.0",
        stream: str = "exec sleep 60",
        heads: str = HEADS,
        clone: str = "true",
        changes: tuple[str, ...] = (),
        **request_of: Any,
    ) -> dict[str, Any]:
        (tmp_path / "log.changes").write_text("".join(f"{line}\n" for line in changes))
        texts = {
            "ssh": SSH.format(version=version, stream=stream),
            "git": GIT.format(heads=heads, clone=clone),
            "ssh-keyscan": SCAN,
            "runuser": RUNUSER,
        }
        for name, text in texts.items():
            # The environment of the programs is made anew: only their text can know the log.
            (programs / name).write_text(text.replace("$LOG", str(log)))
            (programs / name).chmod(0o755)
        request = asking.request(review_site) | {"folder": str(folder), **request_of}
        done = subprocess.run(
            [sys.executable, "-I", "-"],
            input=shortened(asking.program(request)),
            env={"PATH": f"{programs}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=True,
        )
        facts: dict[str, Any] = json.loads(done.stdout)
        return facts | {"log": log.read_text() if log.exists() else "", "log_path": str(log)}

    return run


def test_it_asks_as_zuul_with_zuuls_key_and_known_hosts_and_nothing_that_changes_anything(
    ask: Ask, tmp_path: Path, fake: FakeGerrit
) -> None:
    facts = ask()
    ssh = f"ssh -F {tmp_path}/home/.ssh/config -i {tmp_path}/home/.ssh/gerrit"
    lines = facts["log"].splitlines()
    commands = {line.removeprefix(f"{ssh} -p 29418 zuul@localhost gerrit ") for line in lines if line.startswith("ssh")}
    query = 'query --format json --submit-records --all-approvals --current-patch-set \'project:"packaging/hello"'
    assert commands == {
        *("version", "ls-projects", "stream-events", "ls-members --recursive 'Service Users'"),
        f"{query} limit:20'",
        f"{query} label:Verified<0,user=zuul limit:5'",
    }
    url, by = "ssh://zuul@localhost:29418/packaging/hello", f"by {ssh} in {tmp_path}/home"
    heads, clone = (line for line in lines if line.startswith("git"))
    assert heads == f"git ls-remote --heads {url} {by}"
    assert clone.startswith(f"git clone --quiet --bare --depth=1 --branch=main --filter=blob:none -- {url} /var/tmp/")
    assert clone.endswith(by)
    assert fake.writes() == []


def test_every_project_is_cloned_four_at_a_time_and_the_clones_are_removed(ask: Ask) -> None:
    names = [f"packaging/p{number}" for number in range(6)]
    marks = 'echo begin >> "$LOG.marks"; sleep 0.3; echo end >> "$LOG.marks"'
    facts = ask(clone=marks, projects=names)
    assert {name: one["status"] for name, one in facts["clones"].items()} == dict.fromkeys(names, 0)
    folders = clones_of(facts["log"])
    assert len(folders) == 6
    assert not any(Path(folder).exists() or Path(folder).parent.exists() for folder in folders)
    running = most = 0
    for mark in (Path(facts["log_path"] + ".marks")).read_text().split():
        running += 1 if mark == "begin" else -1
        most = max(most, running)
    assert 2 <= most <= 4


def test_a_branch_of_the_site_is_cloned_before_the_usual_ones_and_a_project_without_one_not(ask: Ask) -> None:
    heads = "printf 'aaaa\\trefs/heads/main\\nbbbb\\trefs/heads/debian/trixie\\n'"
    clones = ask(heads=heads, branches=["no-such", "debian/trixie"])["clones"]
    assert clones["packaging/hello"]["branch"] == "debian/trixie"
    facts = ask(heads="true")
    assert facts["clones"]["packaging/hello"] == {"branch": "", "status": 0, "err": ""}


def test_a_server_that_refuses_to_leave_files_out_is_cloned_from_with_them(ask: Ask) -> None:
    facts = ask(clone='case "$*" in *--filter*) echo filter not allowed >&2; exit 128 ;; esac')
    assert facts["clones"]["packaging/hello"]["status"] == 0
    assert len(clones_of(facts["log"])) == 2
    facts = ask(clone="echo fatal: no way >&2; exit 128")
    assert facts["clones"]["packaging/hello"] == {"branch": "main", "status": 128, "err": "fatal: no way\n"}


def test_clones_that_do_not_end_are_ended_with_all_they_started_and_the_whole_is_bounded(ask: Ask) -> None:
    names = [f"packaging/p{number}" for number in range(9)]
    begun = time.monotonic()
    facts = ask(clone='sleep 60 & echo $! >> "$LOG.pids"; wait', projects=names)
    assert time.monotonic() - begun < 25
    ends = [facts["clones"][name] for name in names]
    assert {one["status"] for one in ends} == {124, None}
    assert ends[0]["err"] == "no answer within 1 s"
    assert "the clones before it took" in ends[-1]["err"]
    assert not any(Path(folder).parent.exists() for folder in clones_of(facts["log"]))
    for pid in Path(facts["log_path"] + ".pids").read_text().split():
        assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]


def test_of_changes_it_tells_labels_and_votes_on_every_patch_set(ask: Ask) -> None:
    votes = [
        {"type": "Verified", "value": "2", "by": {"username": "zuul"}},
        {"type": "SUBM", "value": "1", "by": {"username": "zuul"}},
    ]
    older = [{"type": "Verified", "value": "-1", "by": {"username": "zuul"}}]
    change = {
        "number": 7,
        "branch": "main",
        "submitRecords": [{"status": "OK", "labels": [{"label": "Verified"}, {"label": "Workflow"}]}],
        "currentPatchSet": {"approvals": votes},
        "patchSets": [{"approvals": older}, {"approvals": votes}, {}],
    }
    told = ask(changes=(json.dumps(change), "no JSON", '{"type":"stats","rowCount":1}'))["changes"]["packaging/hello"]
    assert told[0] == {
        "number": 7,
        "branch": "main",
        "labels": ["Verified", "Workflow"],
        "votes": [["SUBM", 1, "zuul"], ["Verified", -1, "zuul"], ["Verified", 2, "zuul"]],
    }


def test_a_stream_that_goes_on_is_allowed_and_ended_soon(ask: Ask) -> None:
    begun = time.monotonic()
    assert ask()["stream"] == {"status": None, "err": ""}
    assert time.monotonic() - begun < 20


def test_a_stream_that_is_refused_says_why(ask: Ask) -> None:
    found = ask(stream="echo stream events not permitted >&2; exit 1")["stream"]
    assert (found["status"], found["err"].strip()) == (1, "stream events not permitted")


def test_where_the_host_key_is_not_believed_it_looks_at_what_is_shown(ask: Ask) -> None:
    facts = ask(version="echo Host key verification failed. >&2; exit 255")
    assert "AAAAshown" in facts["shown"]
    assert "AAAAknown" in facts["known"]
    assert "stream" not in facts


def test_it_sees_what_anybody_sees_and_how_late_it_is_there(ask: Ask, fake: FakeGerrit) -> None:
    def answer(handler: Any) -> bool:
        if handler.path == "/config/server/version":
            return bool(handler._json("3.11.0"))
        if handler.path == "/projects/packaging%2Fhello":
            return bool(handler._json({"labels": {}}))
        return False

    fake.wrong = answer
    facts = ask()
    assert facts["web"]["data"] == "3.11.0"
    assert abs(facts["web"]["ahead"]) < 5
    assert facts["pages"]["packaging/hello"]["project"]["data"] == {"labels": {}}
    assert facts["pages"]["packaging/hello"]["change"]["status"] == 403


def test_a_host_without_zuuls_key_is_told_of(review_site: Site) -> None:
    class Host:
        host = review_site.host("zuul01")

        def run(self, command: str, *, stdin: bytes, at_least: float) -> Completed:
            return Completed(0, '{"installed": false}\n', "")

    with pytest.raises(HostError, match="Zuul's key") as raised:
        asking.ask(Host(), review_site)  # type: ignore[arg-type]
    assert raised.value.hint == "pkgci bootstrap --host zuul01"


def test_a_program_that_breaks_off_says_its_last_word(review_site: Site) -> None:
    class Host:
        host = review_site.host("zuul01")

        def run(self, command: str, *, stdin: bytes, at_least: float) -> Completed:
            return Completed(1, "", "sh: 1: python3: not found\n")

    with pytest.raises(HostError, match="python3: not found"):
        asking.ask(Host(), review_site)  # type: ignore[arg-type]
