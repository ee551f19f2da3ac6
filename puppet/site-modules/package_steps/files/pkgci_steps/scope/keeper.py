"""pkgci-scope, root's part: a control group with the limits of the site, for what the account that asks for it runs.

The account says nothing of the limits, and names nothing but processes of its own. The group ends with this program,
and with whoever called it: when its standard input ends.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .. import settings as site
from ..settings import Limits
from ..status import Ended
from . import groups
from .groups import UNIFIED
from .held import held

USAGE = """
pkgci-scope: keeps a control group with the limits of a build (site file: builds). Steps call it, through sudo.

It takes no arguments. On standard input: `add PID` puts a process of the caller into the group, `kill` ends all that
runs in it, `freeze` lets that stand still, and `thaw` go on, `held` asks for the bytes of its files without a name. At
its end, nothing of it is left.
"""
SLICE = "pkgci.slice"
# Against 100 of what a host itself does: who logs in to see what is wrong comes first.
_WEIGHT = 50
# In the group: where its programs are, and where the process is that keeps it.
PROGRAMS, _HOLDER = "job/main", "holder"
# What its owner needs of a group to make others below it (cgroups(7), "Cgroups delegation").
_DELEGATED = (".", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads")
_CONTROLLERS = ("memory", "pids", "cpu", "io")
# Groups that a booted system may make below its own.
_DESCENDANTS = 2000
_FREEZE = {"freeze": "1", "thaw": "0"}
_START_SECONDS, _END_SECONDS = 10.0, 20.0


class Refused(Exception):  # noqa: N818 (no error of this program)
    """There is no such group to be had: why."""


@dataclass(frozen=True)
class Account:
    """Who asked."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Group:
    """A group that is there: controller → folder, and the process that keeps it."""

    folders: dict[str, Path]
    holder: int

    def told(self) -> str:
        """One line for the client."""
        return json.dumps({name: str(place) for name, place in self.folders.items()})

    def add(self, pid: int, account: Account) -> str:
        """Puts ``pid`` into it; '' or why not."""
        try:
            handle = os.pidfd_open(pid)
        except OSError as error:
            return error.strerror or "it cannot be opened"
        try:
            if _owners(pid) != {account.uid}:
                return "it is somebody else's"
            for name, folder in self.folders.items():
                (folder / PROGRAMS if name == UNIFIED else folder).joinpath("cgroup.procs").write_text(str(pid))
            # As long as it lives, its number is nobody else's.
            signal.pidfd_send_signal(handle, 0)
        except OSError as error:
            return error.strerror or "it cannot be moved"
        finally:
            os.close(handle)
        return ""

    def kill(self) -> bool:
        """Ends all that is in it; whether that worked."""
        end = time.monotonic() + _END_SECONDS
        while left := self._members():
            if time.monotonic() > end:
                return False
            # At once, where the kernel can; one by one where not: what starts others meanwhile is found again.
            with suppress(OSError):
                (self.folders[UNIFIED] / "job/cgroup.kill").write_text("1")
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        return True

    def freeze(self, word: str) -> None:
        """Lets all that is in it stand still (1), or go on (0). Raises ``OSError``."""
        (self.folders[UNIFIED] / "job/cgroup.freeze").write_text(word)

    def held(self) -> int:
        """Bytes of files without a name, which its programs have open."""
        return held(self._members())

    def _members(self) -> set[int]:
        return set().union(*(groups.members(folder) for folder in set(self.folders.values()))) - {self.holder}


@contextmanager
def kept(account: Account, limits: Limits) -> Iterator[Group]:
    """A new group, until the end. Raises ``Refused``."""
    name = f"pkgci-{account.uid}-{secrets.token_hex(6)}.scope"
    with subprocess.Popen(["/bin/sleep", "infinity"], cwd="/", stdin=subprocess.DEVNULL) as holder:
        try:
            # What is limited must not lose its keeper first. Where this is not to be had, the group ends all the same.
            with suppress(OSError):
                Path(f"/proc/{holder.pid}/oom_score_adj").write_text("-1000")
            _start(name, holder.pid, limits)
            group = _started(holder.pid, name, limits)
            _divide(group, account)
            try:
                yield group
            finally:
                group.kill()
        finally:
            holder.kill()


def unit(name: str, pid: int, limits: Limits) -> list[str]:
    """busctl's words that make systemd start the scope ``name`` around ``pid``."""
    properties = {
        "Description": ("s", "what one step of pkgci runs"),
        "Slice": ("s", SLICE),
        "CollectMode": ("s", "inactive-or-failed"),
        "Delegate": ("b", "true"),
        "MemoryMax": ("t", str(limits.memory_mb * 1_000_000)),
        "MemorySwapMax": ("t", "0"),
        "TasksMax": ("t", str(limits.processes + 1)),
        "CPUWeight": ("t", str(_WEIGHT)),
        "IOWeight": ("t", str(_WEIGHT)),
    }
    words = [word for key, (kind, value) in properties.items() for word in (key, kind, value)]
    systemd = ["org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"]
    call = ["StartTransientUnit", "ssa(sv)a(sa(sv))", name, "fail"]
    return ["busctl", "call", *systemd, *call, str(len(properties) + 1), "PIDs", "au", "1", str(pid), *words, "0"]


def _start(name: str, pid: int, limits: Limits) -> None:
    try:
        done = subprocess.run(unit(name, pid, limits), capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused(f"systemd does not answer: {error}") from None
    if done.returncode != 0:
        raise Refused(f"systemd starts no scope: {done.stderr.strip()}")


def _started(pid: int, name: str, limits: Limits) -> Group:
    """The group, once systemd has put ``pid`` there, in one hierarchy after another. Raises ``Refused``."""
    end = time.monotonic() + _START_SECONDS
    while True:
        found = groups.folders(Path(f"/proc/{pid}/cgroup").read_text())
        group = Group({key: folder for key, folder in found.items() if folder.name == name}, pid)
        lack = lacking(group, limits)
        if not lack:
            return group
        if time.monotonic() > end:
            raise Refused(lack)
        time.sleep(0.01)


def lacking(group: Group, limits: Limits) -> str:
    """What the kernel does not enforce of all that was asked for; '' for nothing."""
    memory, pids = (groups.controller(group.folders, name) for name in ("memory", "pids"))
    bytes_ = memory and groups.number(memory, "memory.max", "memory.limit_in_bytes")
    if UNIFIED not in group.folders:
        return "systemd has no control groups of version 2 here"
    # Whole pages.
    if not bytes_ or abs(bytes_ - limits.memory_mb * 1_000_000) > 1 << 16:
        return "the kernel limits no memory of control groups here (its controller 'memory')"
    if not pids or groups.number(pids, "pids.max") != limits.processes + 1:
        return "the kernel limits no processes of control groups here (its controller 'pids')"
    return ""


def _divide(group: Group, account: Account) -> None:
    """In the hierarchy of version 2: a group for programs, below which their account may make more for systems."""
    top = group.folders[UNIFIED]
    programs = top / PROGRAMS
    try:
        (top / _HOLDER).mkdir()
        programs.mkdir(parents=True)
        (top / _HOLDER / "cgroup.procs").write_text(str(group.holder))
        (top / "cgroup.max.descendants").write_text(str(_DESCENDANTS))
        for folder in (top, programs.parent):
            for name in _CONTROLLERS:
                # Only those that are there; a system that is booted can do without.
                with suppress(OSError):
                    (folder / "cgroup.subtree_control").write_text(f"+{name}")
        for folder in (programs.parent, programs):
            for name in _DELEGATED:
                os.chown(folder / name, account.uid, account.gid)
    except OSError as error:
        raise Refused(f"the control group cannot be divided: {error}") from None


def _owners(pid: int) -> set[int]:
    """The accounts that a process is of: real, effective, saved, and of its files."""
    text = Path(f"/proc/{pid}/status").read_text(errors="replace")
    return set(map(int, text.partition("\nUid:")[2].partition("\n")[0].split()))


def answer(group: Group, account: Account, line: str) -> str:
    """What is said to ``line``."""
    word, _, rest = line.strip().partition(" ")
    if word == "add" and rest.isascii() and rest.isdigit() and len(rest) < 12:
        why = group.add(int(rest), account)
        return f"no {why}" if why else "ok"
    if line.strip() == "kill":
        return "ok" if group.kill() else "no some of it does not end"
    if line.strip() in _FREEZE:
        with suppress(OSError):
            group.freeze(_FREEZE[line.strip()])
        return "ok"
    return f"ok {group.held()}" if line.strip() == "held" else "no such word"


def _serve(account: Account, limits: Limits) -> None:
    with kept(account, limits) as group:
        print(f"ready {group.told()}", flush=True)
        for line in sys.stdin:
            print(answer(group, account, line), flush=True)


def _caller() -> Account:
    """Who asked, as sudo says. Raises ``Refused``."""
    uid, gid = (os.environ.get(name, "") for name in ("SUDO_UID", "SUDO_GID"))
    if os.geteuid() != 0 or not uid.isdigit() or not gid.isdigit() or int(uid) == 0:
        raise Refused("it is for `sudo` by the account that runs jobs")
    return Account(int(uid), int(gid))


def main() -> int:
    """The program; its exit status."""
    if sys.argv[1:]:
        print(USAGE.strip())
        return 0 if sys.argv[1:] in (["--help"], ["-h"]) else 2

    def stop(_signal: int, _frame: object) -> None:
        raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        _serve(_caller(), site.read().limits)
    except Refused as refused:
        print(f"refused {refused}", flush=True)
        return 1
    except Ended as ended:
        print(f"refused {ended.reason}", flush=True)
        return 1
    except BrokenPipeError:  # whoever asked has gone: all is ended already
        sys.stdout = None
    return 0
