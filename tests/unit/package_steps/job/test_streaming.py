"""The log of a job can be read while it runs, and outlives its host."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable

import pytest
from pkgci_steps import processes
from pkgci_steps.job.log_server import Access
from pkgci_steps.job.streaming import Broken, Stream

from tests.unit.package_steps.job.conftest import Slave

Change = Callable[[str | None], str]
ACCESS = Access("x", "f" * 64)


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def shows(slave: Slave, text: str) -> bool:
    return (slave.kept / "console.txt").exists() and text in slave.console


def test_the_log_is_there_while_the_job_runs_with_what_runs(slave: Slave, change: Change) -> None:
    go_on = slave.workspace / "go on"
    process = slave.start("build", change(f"#!/bin/sh\necho one\nuntil test -e '{go_on}'; do sleep 0.05; done\n"))
    wait_until(lambda: shows(slave, "one\n"))
    assert not (slave.kept / "result.json").exists()
    assert json.loads((slave.kept / "job.json").read_text())["node"] == "build01"
    go_on.touch()
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and slave.console == said


def test_a_killed_slave_leaves_its_log_up_to_there(slave: Slave, change: Change) -> None:
    process = slave.start("build", change("#!/bin/sh\necho the last words; exec sleep 20\n"))
    wait_until(lambda: shows(slave, "the last words\n"))
    for pid in (process.pid, *processes.descendants(process.pid)):
        os.kill(pid, signal.SIGKILL)
    process.communicate()
    assert shows(slave, "the last words\n") and not (slave.kept / "result.json").exists()


def test_a_connection_that_breaks_is_made_again_and_nothing_is_lost_or_doubled(slave: Slave, change: Change) -> None:
    ssh = slave.workspace.parent / "bin/ssh"
    ssh.rename(ssh.with_name("ssh-real"))
    # The first connection ends after a moment, whatever has come till then.
    slave.program(
        "ssh",
        f'test -e {slave.logs}/second && exec $0-real "$@"; touch {slave.logs}/second; exec timeout 1 $0-real "$@"',
    )
    status, said = slave.run("build", change("#!/bin/sh\nfor i in 1 2 3 4 5 6; do echo $i; sleep 0.5; done\n"))
    assert status == 0, said
    assert slave.console == said


def test_a_log_server_that_is_away_holds_nothing_up_and_gets_the_log_at_the_end(slave: Slave, change: Change) -> None:
    back = slave.workspace.parent / "back"
    ssh = slave.workspace.parent / "bin/ssh"
    ssh.rename(ssh.with_name("ssh-real"))
    slave.program("ssh", f'test -e {back} || exit 255; exec $0-real "$@"')
    status, said = slave.run("build", change(f"#!/bin/sh\necho one; touch {back}\n"))
    assert status == 0, said
    assert slave.console == said


def test_what_the_log_server_refuses_for_good_is_not_asked_again(slave: Slave) -> None:
    slave.program("ssh", "echo x >> $HOME/asked; echo 'refused: this log is somebody else''s' >&2; exit 2")
    file = slave.workspace / "console.txt"
    file.write_text("x")
    stream = Stream(file, [str(slave.workspace.parent / "bin/ssh"), "append", "x"], ACCESS, {})
    stream.start()
    assert stream.finish(60) == "refused: this log is somebody elses"
    assert (slave.workspace / "asked").read_text() == "x\n"


def test_what_opens_a_builds_folder_is_in_no_argument_and_in_no_words_about_it(slave: Slave) -> None:
    slave.program("ssh", 'echo "$*" > $HOME/arguments; head -2 > $HOME/words; exit 2')
    file = slave.workspace / "console.txt"
    file.write_text("x")
    stream = Stream(file, [str(slave.workspace.parent / "bin/ssh"), "append", "x"], ACCESS, {})
    stream.start()
    stream.finish(60)
    assert (slave.workspace / "words").read_text() == f"{'f' * 64}\n{ACCESS.secret}\n"
    assert repr(ACCESS) == "Access(path='x')"
    assert (slave.workspace / "arguments").read_text() == "append x\n"


@pytest.mark.parametrize("answer", ["nonsense", "", "-1"])
def test_a_log_server_that_answers_nonsense_breaks_the_connection(slave: Slave, answer: str) -> None:
    slave.program("ssh", f"echo '{answer}'; exit 1")
    file = slave.workspace / "console.txt"
    file.write_text("x")
    stream = Stream(file, [str(slave.workspace.parent / "bin/ssh")], ACCESS, {})
    with pytest.raises(Broken, match="exit status 1") as broken:
        stream._connection()
    assert not broken.value.for_good
