"""Work on the lab's hosts side by side, which nobody has to wait for."""

import signal
import subprocess
import sys
import threading

import pytest

from pkgci.errors import PkgciError
from pkgci.lab.parallel import side_by_side

WAITING = """
import time
from pkgci.cli.signals import Ended, end_as_interrupted
from pkgci.lab.parallel import side_by_side

end_as_interrupted()

def work(item):
    print("at work", flush=True)
    time.sleep(600)

try:
    side_by_side(work, [1])
except Ended as end:
    raise SystemExit(end.status)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_lab_while_an_engine_takes_its_time(number: signal.Signals) -> None:
    process = subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "at work\n"
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    process.stdout.close()


def test_one_failure_stops_no_other_and_all_are_told() -> None:
    done: list[int] = []

    def work(item: int) -> None:
        if item % 2:
            raise PkgciError(f"{item} is odd", "take another")
        done.append(item)

    with pytest.raises(PkgciError) as caught:
        side_by_side(work, [1, 2, 3, 4])
    assert sorted(done) == [2, 4]
    assert "1 is odd" in caught.value.message and "3 is odd" in caught.value.message
    assert caught.value.hint == "take another"


def test_the_only_failure_is_told_as_it_is() -> None:
    error = PkgciError("broken")

    def work(item: int) -> None:
        raise error

    with pytest.raises(PkgciError) as caught:
        side_by_side(work, [1])
    assert caught.value is error
    side_by_side(work, [])


def test_a_fault_of_pkgcis_own_comes_before_what_users_cause() -> None:
    def work(item: int) -> None:
        raise PkgciError("broken") if item else ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        side_by_side(work, [1, 0, 2])


def test_all_are_worked_on_at_once() -> None:
    together = threading.Barrier(3, timeout=60)
    side_by_side(lambda item: together.wait(), [1, 2, 3])
