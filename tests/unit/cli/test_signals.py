"""Whoever ends pkgci in the middle of something finds no key left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pkgci.cli.signals import end_as_interrupted
from pkgci.secrets.openpgp import Keyring
from tests.unit.secrets.conftest import NOW


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder for temporary files: GnuPG's sockets allow no long name."""
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def pkgci(scratch: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pkgci", *arguments],
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until_a_key_is_made(scratch: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not list(scratch.glob("pkgci-gpg-*/private-keys-v1.d/*.key")):
        assert process.poll() is None and time.monotonic() < deadline, "no key was seen"
        time.sleep(0.005)


def agents(scratch: Path) -> list[str]:
    """The command lines of programs that have a folder in ``scratch`` open, once they had a moment to end."""
    for _ in range(40):
        lines = [
            path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if path.exists()
        ]
        found = [line for line in lines if f"{scratch}/" in line]
        if not found:
            return []
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_no_key_and_no_agent_stay_when_a_signal_ends_the_making_of_secrets(
    write_site: Callable[..., Path], scratch: Path, number: signal.Signals
) -> None:
    site = write_site()
    process = pkgci(scratch, "secrets", "init", "--site", str(site))
    until_a_key_is_made(scratch, process)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 128 + number and "Traceback" not in error
    assert list(scratch.iterdir()) == [] and agents(scratch) == []
    assert "PRIVATE" not in "".join(
        path.read_text() for path in (site.parent / "secrets").rglob("*") if path.is_file() and "keys" not in path.parts
    )


def test_what_a_killed_run_left_behind_goes_when_the_next_one_begins(
    write_site: Callable[..., Path], scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = pkgci(scratch, "secrets", "init", "--site", str(write_site()))
    until_a_key_is_made(scratch, process)
    process.kill()
    process.communicate(timeout=60)
    assert list(scratch.glob("pkgci-gpg-*/private-keys-v1.d/*.key"))
    monkeypatch.setenv("TMPDIR", str(scratch))
    with Keyring.open(NOW) as first, Keyring.open(NOW) as second:
        assert len(list(scratch.iterdir())) == 2, "those that are at work stay"
        assert first.subkeys() == second.subkeys() == ()
    assert list(scratch.iterdir()) == [] and agents(scratch) == []


def test_where_the_user_says_nothing_keys_are_made_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "no"))
    before = set(Path("/dev/shm").glob("pkgci-gpg-*"))
    with Keyring.open(NOW):
        (home,) = set(Path("/dev/shm").glob("pkgci-gpg-*")) - before
        assert home.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_is_ignored_stays_ignored(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        end_as_interrupted()
        assert signal.getsignal(number) is signal.SIG_IGN, "nohup pkgci …"
    finally:
        signal.signal(number, before)
        for one in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.set_wakeup_fd(-1)


# The main thread waits when the signal reaches another one, which wakes nobody up.
UNHEARD = """
import signal, threading, time
from pkgci.cli.signals import Ended, end_as_interrupted, leave

end_as_interrupted()

def elsewhere():
    time.sleep(1)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    time.sleep(600)

threading.Thread(target=elsewhere, daemon=True).start()
try:
    threading.Event().wait()
except Ended as end:
    leave(end.status)
"""


def test_a_signal_that_wakes_nobody_up_is_heard_all_the_same() -> None:
    assert subprocess.run([sys.executable, "-c", UNHEARD], timeout=60).returncode == 128 + signal.SIGTERM


NUMBERS = """
import os, signal, sys
from pkgci.cli import main

main.run = lambda _: os.write(int(sys.argv[1]), " ".join(
    [os.readlink(f"/proc/self/fd/{number}") for number in (0, 1, 2)] + [str(signal.set_wakeup_fd(-1) > 2)]
).encode()) and 0
main.main()
"""


def test_what_signals_need_takes_no_number_of_a_standard_stream_that_is_closed() -> None:
    reader, writer = os.pipe()
    command = f'exec "$0" -c "$1" {writer} <&- >&- 2>&-'
    subprocess.run(["sh", "-c", command, sys.executable, NUMBERS], timeout=60, pass_fds=[writer], check=True)
    os.close(writer)
    with os.fdopen(reader) as found:
        assert found.read() == "/dev/null /dev/null /dev/null True"


LOADING = """
import builtins, os, runpy, signal, sys

load = builtins.__import__

def signalled(name, *rest, **named):
    if name == "pkgci.cli.main":
        os.kill(os.getpid(), signal.SIGINT)
    return load(name, *rest, **named)

sys.argv[1:] = ["--version"]
builtins.__import__ = signalled
signal.signal(signal.SIGINT, {before})
runpy.run_module("pkgci", run_name="__main__", alter_sys=True)
"""


def test_a_signal_that_comes_while_the_program_is_loaded_ends_it_without_a_traceback() -> None:
    program = LOADING.format(before="signal.default_int_handler")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, b"")


def test_a_signal_that_is_ignored_stays_ignored_while_the_program_is_loaded() -> None:
    program = LOADING.format(before="signal.SIG_IGN")
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60).returncode == 0


AT_THE_EDGES = """
import atexit, os, signal, sys
from pkgci.cli import main

def signalled(*_):
    os.kill(os.getpid(), signal.SIGTERM)

where = sys.argv.pop(1)
if where == "after":
    atexit.register(signalled)
else:
    setattr(main, where, signalled)
sys.argv[1:] = ["--version"]
main.main()
"""


@pytest.mark.parametrize(
    ("where", "status"),
    [("ensure_name", 128 + signal.SIGTERM), ("lost", 128 + signal.SIGTERM), ("after", -signal.SIGTERM)],
)
def test_a_signal_before_or_after_the_command_itself_brings_no_traceback(where: str, status: int) -> None:
    command = [sys.executable, "-c", AT_THE_EDGES, where]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == status and "Traceback" not in done.stderr, done.stderr
