"""One run of Puppet on one host: from the connection to the result."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pkgci.facts.runs import Running
from pkgci.model.site import Host, Site
from pkgci.puppetrun.bundle import Archive, code_archive, data_archive, run_archive
from pkgci.puppetrun.follow import End, Following, follow, lines_of
from pkgci.puppetrun.host_state import HostState, ask_state, command, script
from pkgci.puppetrun.plan import ROOT, Tree, plan_text
from pkgci.puppetrun.progress import Phase, Progress, Watch
from pkgci.puppetrun.report import Report, diffs, parse_report
from pkgci.puppetrun.result import RunResult
from pkgci.puppetrun.safety import check_ground, check_way_in
from pkgci.puppetrun.untouched import left_undone
from pkgci.remote.errors import HostLockedError
from pkgci.remote.session import Session
from pkgci.whoami import operator

# Where the files of a release are; in a message, the path within is what tells.
_SHA = re.compile(rf"{ROOT}/releases/[0-9a-f]{{64}}/(?:code/)?")
_TAIL = 12  # lines of the log that say why there is no report
_SPARE_KB = 51_200  # Puppet needs room for its state, the log and the report
# After its deadline a run is killed, and has so long to say so.
_FAREWELL = 60.0
# The runner's exit status where another run holds the lock, and how often to look who that is.
_LOCKED = "66"
_ATTEMPTS = 3


@dataclass(frozen=True)
class Deployment:
    """What is to be applied: the tree, and each host's data, packed.

    ``purge`` has the data of roles go that a host no longer has.
    """

    site: Site
    tree: Tree
    code: Archive
    data: Mapping[str, Archive]
    noop: bool
    operator: str
    purge: bool = False

    @classmethod
    def pack(
        cls, site: Site, tree: Tree, files: Mapping[str, Mapping[str, str]], *, noop: bool, purge: bool = False
    ) -> Deployment:
        """The deployment of ``tree`` with the data ``files`` of each host (host → file name → text)."""
        code = code_archive(tree.folder)
        data = {host: data_archive(host_files, code) for host, host_files in files.items()}
        return cls(site, tree, code, data, noop, operator(), purge)


@dataclass(frozen=True)
class Line:
    """How the hosts are reached: opens a session, and says whether the user has interrupted."""

    open: Callable[[Host], Session]
    interrupted: Callable[[], bool] = lambda: False


def apply(deployment: Deployment, host: Host, line: Line, watch: Watch, redact: Callable[[str], str]) -> RunResult:
    """Applies ``deployment`` to ``host``, and follows the run to its end.

    A run of the same operator with the same release that is under way already is followed instead. Raises
    ``HostError`` where there is no run to tell of.
    """
    started = time.monotonic()
    deadline = started + deployment.site.puppet.deadline * 60 + _FAREWELL
    watch(Progress(host.name, Phase.CONNECTING))
    for _ in range(_ATTEMPTS):
        with line.open(host) as session:
            check_way_in(deployment.site, host, session.client_address)
            joined = _join(deployment, host, session, watch)
            end = follow(
                joined.following,
                joined.lines,
                lambda: line.open(host),
                watch,
                deadline=deadline,
                interrupted=line.interrupted,
            )
        if (end.code, end.status) != ("exited", _LOCKED):
            seconds = time.monotonic() - started
            return judge(deployment, host, joined.following, end, seconds, joined.attached, redact)
        # Another run took the lock meanwhile. It may be one of this very command that was killed a moment ago.
    raise _locked(host, Running(joined.following.run, {}))


@dataclass(frozen=True)
class _Joined:
    """A run that is followed: ``attached`` where it was under way before."""

    following: Following
    lines: Iterator[str]
    attached: bool


def _join(deployment: Deployment, host: Host, session: Session, watch: Watch) -> _Joined:
    """Follows the run that is under way, where it is our own, or starts one. Raises ``HostError`` at another's."""
    state = ask_state(session, (deployment.code.name, deployment.data[host.name].name))
    running = state.running
    if running is None:
        run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        watch(Progress(host.name, Phase.DELIVERING))
        lines = _start(deployment, host, session, state, run)
    elif _mine(deployment, host, running):
        run = running.id
        since = running.facts.get("started", "")
        watch(Progress(host.name, Phase.FOLLOWING, resource=f"the run that began at {since}"))
        lines = lines_of(session, command([run, "0"], "follow"))
    else:
        raise _locked(host, running)
    return _Joined(Following(run, Progress(host.name, Phase.COMPILING)), lines, running is not None)


def _start(deployment: Deployment, host: Host, session: Session, state: HostState, run: str) -> Iterator[str]:
    data = deployment.data[host.name]
    files = {
        "runner": script("runner"),
        "conclude": script("conclude"),
        "plan": plan_text(
            deployment.site,
            host,
            deployment.tree,
            run=run,
            data=data.name,
            noop=deployment.noop,
            purge=deployment.purge,
        ),
        "holder": _holder(deployment, data),
    }
    missing = [archive for archive in (deployment.code, data) if archive.name not in state.releases]
    check_ground(host, state, _SPARE_KB + 2 * sum(archive.size for archive in missing) // 1024)
    own = run_archive(files, data)
    stdin = b"".join(_part("release", archive.name, archive) for archive in missing) + _part("run", "-", own)
    deadline = str(deployment.site.puppet.deadline * 60)
    return lines_of(session, command([run, data.name, deadline], "deliver", "follow"), stdin)


def _part(kind: str, name: str, archive: Archive) -> bytes:
    return f"{kind} {name} {len(archive.packed)}\n".encode() + archive.packed


def _holder(deployment: Deployment, data: Archive) -> str:
    return (
        f"operator {deployment.operator}\n"
        f"started {datetime.now(UTC):%H:%M:%S} UTC\n"
        f"data {data.name}\n"
        f"noop {_word(deployment.noop)}\n"
        f"purge {_word(deployment.purge)}\n"
    )


def _word(answer: bool) -> str:
    return "yes" if answer else "no"


def _mine(deployment: Deployment, host: Host, running: Running) -> bool:
    """Whether ``running`` is what this very command would start."""
    facts = running.facts
    return (facts.get("operator"), facts.get("data"), facts.get("noop"), facts.get("purge", "no")) == (
        deployment.operator,
        deployment.data[host.name].name,
        _word(deployment.noop),
        _word(deployment.purge),
    )


def _locked(host: Host, running: Running) -> HostLockedError:
    since = f" since {running.facts['started']}" if "started" in running.facts else ""
    return HostLockedError(
        host.name,
        f"{running.operator} is applying to it{since} (run {running.id})",
        "two runs at once would undo each other: run it again when that one has ended",
    )


def judge(
    deployment: Deployment,
    host: Host,
    following: Following,
    end: End,
    seconds: float,
    attached: bool,
    redact: Callable[[str], str],
) -> RunResult:
    """The result of a run that has ended as ``end``. Pure."""
    log = _SHA.sub("", redact("\n".join(following.log))).split("\n")
    installed = tuple(word for line in log if line.startswith("pkgci: installing") for word in line.split()[2:])
    problem: str | None = None
    hint: str | None = None
    report: Report | None = None
    if end.report:
        try:
            repeated = "pkgci: this release was applied before" in log
            report = parse_report(redact(end.report), repeated=repeated, log=log)
        except ValueError as error:
            problem = str(error)
    unfinished = _unfinished(deployment.site, following, end)
    if unfinished is not None:
        problem, hint = unfinished
    elif report is None and problem is None:
        problem, hint = (
            "Puppet made no report",
            _old_tree(log) or f"the whole log is there: {ROOT}/runs/{following.run}/log",
        )
    elif report is not None and not report.completed:
        problem = "Puppet did not go through all resources"
    elif report is not None and not report.failed:
        problem, hint = left_undone(report, noop=deployment.noop) or (None, None)
    return RunResult(
        host=host.name,
        run=following.run,
        seconds=seconds,
        attached=attached,
        installed=installed,
        report=report,
        diffs=diffs(log) if deployment.noop else {},
        problem=problem,
        hint=hint,
        tail=tuple(_telling(log)) if problem and report is None else (),
    )


def _unfinished(site: Site, following: Following, end: End) -> tuple[str, str | None] | None:
    """What kept the run from its end, and what to do; None where Puppet ended by itself."""
    progress = following.progress
    last = f"; last: {progress.resource}" if progress.resource else ""
    if end.code != "exited" and (end.rebooted or end.result == "shutdown"):
        return f"the host rebooted during the run{last}", "run it again: it carries on"
    if end.result is None:
        full = end.free_kb is not None and end.free_kb < 1024
        why = "the disk is full" if full else "nobody wrote down how"
        return f"the run ended: {why}{last}", "make room there, then run it again" if full else "run it again"
    if end.result == "timeout":
        return (
            f"the run was ended at its deadline of {site.puppet.deadline} min{last}",
            f"see {ROOT}/runs/{following.run}/log there; `puppet: {{deadline: MINUTES}}` in the site file allows more",
        )
    if end.code != "exited":
        return f"the run was killed ({end.status}){last}", "is the host short of memory, or going down? Run it again"
    if end.status == "65":
        return (
            f"packages could not be installed: {_apt_complaint(following.log)}",
            "does the host reach its package mirror? `apt-get update` there says more; then run it again",
        )
    if end.status == "67":
        found = next((line for line in reversed(following.log) if line.startswith("pkgci: ")), "").removeprefix(
            "pkgci: "
        )
        return f"Puppet is too old: {found}, 7 is needed", "`puppet: {flavour: openvox}` with an apt source of OpenVox"
    if end.status == "68":
        return "the new release could not be made current", "is the disk full, or read-only? Then run it again"
    return None


def _old_tree(log: list[str]) -> str | None:
    """What an old tree needs on Puppet 8, which has no facts like ``$::osfamily`` unless it is told to."""
    if any("Unknown variable: '::" in line for line in log):
        return "an old tree? `manifests: {settings: {include_legacy_facts: true, strict: warning}}` in the site file"
    return None


def _apt_complaint(log: list[str]) -> str:
    told = [line for line in log if re.match(r"(E|Err|W):", line)]
    reasons = [line for line in log if re.match(r"\s+(Could not|Temporary failure|Connection|Unable|Something)", line)]
    return (reasons or told or ["see the log"])[0].strip()


def _telling(log: list[str]) -> list[str]:
    """The end of the log: from the first error on, where there is one."""
    errors = [index for index, line in enumerate(log) if line.startswith("Error: ")]
    return log[errors[0] : errors[0] + _TAIL] if errors else log[-_TAIL:]
