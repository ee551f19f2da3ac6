"""What a build or a test may take: each attack is a program that a change could bring, run as a build runs it.

The limits are small, so that each attack ends in a second or two; who ends it is the kernel, or who looks at the disk.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tests.lab.conftest import Lab

HOST = "build01"
LIMITS = {"minutes": 30, "memory_mb": 200, "disk_mb": 400, "files": 20_000, "processes": 150, "enforced": True}

# Runs the program in a file as `make` of a source package runs: in namespaces, as nobody of the host.
BUILD = """
import shutil
import sys
sys.path.insert(0, "/usr/local/lib/pkgci")
from pkgci_steps.limits import confined, limited
from pkgci_steps.namespaces import offline, traversable
from pkgci_steps.settings import WORK
from pkgci_steps.step import run

program, results, where = sys.argv[1:]

def perform(step):
    limits = step.settings.limits
    with (
        confined(step.programs, limits),
        traversable(step, WORK) as folder,
        limited(step, folder, "build", limits.minutes),
    ):
        folder.chmod(0o777)
        python = ["/usr/bin/python3", "-I", shutil.copy(program, folder)]
        status = offline(step, python, folder) if where == "inside" else step.programs.run(python)
    return f"the program ended with status {status}"

sys.exit(run("build", perform, needed=(), usage="", scratch=WORK, arguments=(), environment={"RESULTS": results}))
"""

MEMFD = """
import os, time
handle = os.memfd_create("hidden")
for _ in range(700):
    os.write(handle, bytes(1 << 20))
time.sleep(60)
"""
SYSV = """
import ctypes, time
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
segment = libc.shmget(0, ctypes.c_size_t(700 << 20), 0o1600)
place = libc.shmat(segment, None, 0)
for page in range(0, 700 << 20, 4096):
    ctypes.memset(place + page, 1, 1)
libc.shmdt(ctypes.c_void_p(place))
time.sleep(60)
"""
TMPFS = """
import subprocess
hidden = "mount -t tmpfs -o size=900m hidden /tmp && head -c 700M /dev/zero >/tmp/file; sleep 60"
subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", hidden])
"""
FORK_BOMB = """
import os, time
while True:
    try:
        if os.fork() == 0:
            time.sleep(60)
    except OSError:
        time.sleep(0.01)
"""
FILES = """
import os, time
for number in range(300_000):
    os.close(os.open(f"empty-{number}", os.O_CREAT | os.O_WRONLY))
time.sleep(60)
"""
DISK = """
import os, time
os.mkdir("hidden", 0o700)
for number in range(40):
    handle = os.open(f"hidden/{number}", os.O_CREAT | os.O_WRONLY)
    os.posix_fallocate(handle, 0, 50 << 20)
time.sleep(60)
"""
NAMELESS = """
import os, time
handle = os.open("nameless", os.O_CREAT | os.O_WRONLY)
os.unlink("nameless")
os.posix_fallocate(handle, 0, 2000 << 20)
time.sleep(60)
"""
ENDLESS = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
# Writes and reads more than twice the memory that it may take: what the kernel keeps of files is nobody's fault.
HONEST = """
with open("big", "wb") as file:
    for _ in range(250):
        file.write(bytes(1 << 20))
with open("big", "rb") as file:
    while file.read(1 << 20):
        pass
"""
# As the account that runs jobs itself would: out of every group of processes, and everybody's child.
OUTLIVES = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(3):
            os.dup2(os.open("/dev/null", os.O_RDWR), number)
        os.execv("/bin/sleep", ["sleep", "98765"])
    os._exit(0)
time.sleep(LINGER)
"""


def build(lab: Lab, program: str, where: str = "inside", **limits: int) -> tuple[str, str]:
    """Runs ``program`` as a build with small limits; its status and the reason for that."""
    command = _prepared(lab, program, where, limits)
    lab.exec(HOST, "unshare", "--mount", "sh", "-c", f"{command} >/dev/null 2>&1 || true")
    result = json.loads(lab.exec(HOST, "cat", "/tmp/attack/results/result.json").stdout)
    return result["status"], result["reason"]


def _prepared(lab: Lab, program: str, where: str, limits: dict[str, int]) -> str:
    settings = json.loads(lab.exec(HOST, "cat", "/etc/pkgci/steps.json").stdout)
    lab.exec(HOST, "sh", "-c", "rm -rf /tmp/attack; mkdir /tmp/attack; chown jenkins /tmp/attack")
    lab.put(HOST, "/tmp/attack/steps.json", json.dumps({**settings, "limits": {**LIMITS, **limits}}))
    lab.put(HOST, "/tmp/attack/build.py", BUILD)
    lab.put(HOST, "/tmp/attack/program.py", program)
    return (
        "mount --bind /tmp/attack/steps.json /etc/pkgci/steps.json; cd /; "
        f"runuser -u jenkins -- python3 -I /tmp/attack/build.py /tmp/attack/program.py /tmp/attack/results {where}"
    )


def left(lab: Lab) -> str:
    """What is there of builds that have ended: processes, control groups, shared memory and working folders."""
    look = (
        "pgrep -fx 'sleep 98765'; systemctl list-units --all --plain --no-legend 'pkgci-*.scope'; "
        "ipcs -m | grep jenkins; find /srv/pkgci/work -mindepth 1 -maxdepth 1 -name '.work-*'; true"
    )
    return lab.exec(HOST, "sh", "-c", look).stdout


def _wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not until():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("program", "limits", "words"),
    [
        pytest.param(MEMFD, {}, "took more than 200 MB of memory", id="memory of a file without a name (memfd)"),
        pytest.param(SYSV, {}, "took more than 200 MB of memory", id="a System V segment that nobody is attached to"),
        pytest.param(TMPFS, {}, "took more than 200 MB of memory", id="a file system in memory (tmpfs)"),
        pytest.param(FORK_BOMB, {}, "ran more than 150 processes", id="a fork bomb"),
        pytest.param(FILES, {}, "files, more than 20000", id="300,000 empty files"),
        pytest.param(DISK, {}, "MB of disk, more than 400", id="two gigabytes of disk at once"),
        pytest.param(NAMELESS, {}, "MB of disk, more than 400", id="a file on the disk that has no name any more"),
        pytest.param(ENDLESS, {"minutes": 0}, "took longer than 0 minutes", id="no end"),
    ],
)
def test_what_takes_too_much_is_ended_at_once_and_told_why(
    bootstrapped: Lab, program: str, limits: dict[str, int], words: str
) -> None:
    status, reason = build(bootstrapped, program, **limits)
    assert status == "failed" and reason.startswith("the build ") and words in reason, reason
    assert left(bootstrapped) == ""


def test_files_that_are_read_and_written_are_no_memory_of_a_build(bootstrapped: Lab) -> None:
    ended = build(bootstrapped, HONEST, memory_mb=100)
    assert ended == ("passed", "the program ended with status 0")


def test_nothing_that_a_build_starts_outlives_it_wherever_it_hides(bootstrapped: Lab) -> None:
    assert build(bootstrapped, OUTLIVES.replace("LINGER", "0.5"), where="outside")[0] == "passed"
    assert left(bootstrapped) == ""


def test_a_build_whose_step_is_killed_ends_with_it(bootstrapped: Lab) -> None:
    command = _prepared(bootstrapped, OUTLIVES.replace("LINGER", "60"), "outside", {})
    bootstrapped.exec(HOST, "sh", "-c", f"unshare --mount sh -c '{command}' >/dev/null 2>&1 & true")
    _wait(lambda: "sleep" in bootstrapped.exec(HOST, "pgrep", "-fax", "sleep 98765", check=False).stdout)
    bootstrapped.exec(HOST, "pkill", "-KILL", "-f", "^python3 -I /tmp/attack/build.py")
    _wait(lambda: "98765" not in bootstrapped.exec(HOST, "ps", "-eo", "args").stdout)
    scopes = "systemctl list-units --all --plain --no-legend 'pkgci-*.scope'"
    _wait(lambda: bootstrapped.exec(HOST, "sh", "-c", scopes).stdout == "")
    # The night would take it away.
    bootstrapped.exec(HOST, "sh", "-c", "rm -rf /srv/pkgci/work/.work-* /srv/pkgci/work/pkgci-build-*")


def test_the_account_that_runs_jobs_has_no_say_in_its_limits(bootstrapped: Lab) -> None:
    ask = "runuser -u jenkins -- sudo -n /usr/local/bin/pkgci-scope"
    assert bootstrapped.exec(HOST, "sh", "-c", f"{ask} 99999 </dev/null", check=False).returncode != 0
    said = bootstrapped.exec(HOST, "sh", "-c", f"printf 'add 1\\nlimit 1\\nadd -1\\n' | {ask}").stdout.splitlines()
    assert said[0].startswith("ready ")
    assert said[1:] == ["no it is somebody else's", "no such word", "no such word"]
    memory = json.loads(said[0].partition(" ")[2])
    assert "pkgci.slice/pkgci-" in memory["unified"]
