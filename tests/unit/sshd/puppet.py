"""What a scripted host answers to a bootstrap: a run of Puppet that is started, followed and reported on."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tests.unit.sshd.host import ScriptedHost
from tests.unit.sshd.script import Answer, End, Heard

# The first lines of the programs that run on a host (pkgci/puppetrun/host).
STATE = "# What is on this host already|room="
DELIVER = "# Takes what is missing from standard input"
FOLLOW = "# Writes the log of a run as it grows"


def state(*releases: str, free_kb: int = 99_999_999, run: str = "", **facts: str) -> str:
    """What a host tells before a run: its room, its ``releases``, and the ``run`` that has the lock with its facts.

    In lines of both kinds that a host's programs may write: "free 5" and "room=5".
    """
    pairs = [("free", "room", str(free_kb)), *(("have", "have", release) for release in releases)]
    pairs += [("run", "lock", run)] if run else []
    pairs += [("holder", "holder", f"{name} {value}") for name, value in facts.items()]
    return "".join(f"{old} {value}\n{new}={value}\n" for old, new, value in pairs) + "end=yes\n"


ROOM = state()

RESOURCE = "Info: /Stage[main]/Main/File[/etc/motd]: Starting to evaluate the resource (1 of 2)"


def report(*, noop: bool = False, **counts: int) -> str:
    """Puppet's report, with what it counted: changed, failed, skipped, out_of_sync, …"""
    values = {"total": 2, "changed": 0, "failed": 0, "skipped": 0, **counts}
    lines = "\n".join(f"    - - {name}\n      - {name}\n      - {value}" for name, value in values.items())
    return f"""\
--- !ruby/object:Puppet::Transaction::Report
host: scripted
status: {"failed" if counts.get("failed") else "unchanged"}
transaction_completed: true
noop: {str(noop).lower()}
metrics:
  resources: !ruby/object:Puppet::Util::Metric
    name: resources
    values:
{lines}
  time: !ruby/object:Puppet::Util::Metric
    name: time
    values:
    - - total
      - Total
      - 1.5
resource_statuses:
  File[/etc/motd]: !ruby/object:Puppet::Resource::Status
    evaluation_time: 0.25
    failed: {str(bool(counts.get("failed"))).lower()}
    failed_to_restart: false
    changed: {str(bool(counts.get("changed"))).lower()}
    out_of_sync: {str(bool(counts.get("out_of_sync"))).lower()}
    skipped: false
    events: []
"""


@dataclass(frozen=True)
class Run:
    """How a run goes: what it logs, how systemd says that it ended, and Puppet's report."""

    log: tuple[str, ...] = (RESOURCE, "Notice: Applied catalog in 1.50 seconds")
    exit: str = "success exited 0"
    report: str = report()
    end: End = End.EXIT
    room: int = 4_000_000

    def told(self, heard: Heard) -> Answer:
        """What following it writes; the run's name is in the command."""
        found = re.search(r"set -- (\S+)", heard.text)
        assert found is not None
        mark = f"\001{found[1]} "
        lines = [f"{mark}alive", *self.log]
        if self.end is End.EXIT:
            packed = base64.b64encode(gzip.compress(self.report.encode())).decode() if self.report else ""
            lines += [f"{mark}exit {self.exit}"] if self.exit else []
            lines += [f"{mark}free {self.room}", *([f"{mark}report {packed}"] if packed else [])]
        return Answer("".join(f"{line}\n" for line in lines), end=self.end)


def applies(host: ScriptedHost, run: Run | None = None) -> None:
    """``host`` has room, and each run that is started or followed there goes like ``run``."""
    host.on(STATE, ROOM)
    told = (run or Run()).told
    host.on_call(FOLLOW, told)
    host.on_call(DELIVER, told)


def holder(run: str, facts: Mapping[str, str]) -> str:
    """The state of a host on which ``run`` has the lock; ``facts`` are what it wrote of itself."""
    return state(run=run, **facts)


def holder_of(heard: Heard) -> dict[str, str]:
    """What a delivery says of whoever sends it."""
    import io
    import tarfile

    part = heard.stdin.split(b"run - ", 1)[1]
    size, _, rest = part.partition(b"\n")
    with tarfile.open(fileobj=io.BytesIO(rest[: int(size)]), mode="r:gz") as archive:
        member = next(one for one in archive.getmembers() if one.name.endswith("holder"))
        text = archive.extractfile(member)
        assert text is not None
        return dict(line.partition(" ")[::2] for line in text.read().decode().splitlines())
