"""What a run of Puppet on one host came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pkgci.errors import ExitStatus
from pkgci.puppetrun.report import Report


@dataclass(frozen=True)
class RunResult:
    """What a run on ``host`` came to.

    ``problem`` is None where Puppet went through, whatever it found; ``tail`` is then empty, else the end of the log.
    ``seconds`` is how long it took here, ``attached`` whether it had been started before.
    """

    host: str
    run: str
    seconds: float
    attached: bool
    installed: tuple[str, ...]
    report: Report | None
    diffs: Mapping[str, tuple[str, ...]]
    problem: str | None = None
    hint: str | None = None
    tail: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything is as declared now (or, in a noop run, would be)."""
        report = self.report
        return self.problem is None and report is not None and not report.failed

    @property
    def reached(self) -> bool:
        """Whether the host answered: there is no run without that."""
        return True

    @property
    def status(self) -> ExitStatus:
        """What it means for the command: in a noop run, a change that is pending is not as declared, either."""
        pending = self.report is not None and self.report.noop and self.report.pending
        return ExitStatus.AS_DECLARED if self.ok and not pending else ExitStatus.NOT_AS_DECLARED

    @property
    def kind(self) -> str:
        """What sort of result it is, for machines."""
        return "run"

    def to_dict(self) -> dict[str, Any]:
        """The result for machines."""
        return {"kind": self.kind, "ok": self.ok, "reached": True, "status": int(self.status), **asdict(self)}
