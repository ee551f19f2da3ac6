"""What was found of a Gerrit: data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What a verdict is. ``NOT_KNOWN`` is never good: nobody could tell."""

    OK = "ok"
    MISSING = "missing"
    NOT_KNOWN = "not known"
    INFORMATION = "information"


@dataclass(frozen=True)
class Verdict:
    """What was found of one thing. ``of`` is the project that it is about, '' for Gerrit as a whole.

    ``where`` is where Gerrit has it, or what would tell. ``decides`` is whether the CI's work hangs on it: what decides
    and is not known leaves the whole unproven.
    """

    subject: str
    of: str
    state: State
    text: str
    where: str = ""
    decides: bool = False


@dataclass(frozen=True)
class Judged:
    """All verdicts; ``reached`` is False where no SSH server answered at all."""

    verdicts: tuple[Verdict, ...]
    reached: bool = True

    @property
    def as_needed(self) -> bool:
        """Whether nothing is missing. What is not known may be."""
        return not any(verdict.state is State.MISSING for verdict in self.verdicts)

    @property
    def unproven(self) -> tuple[Verdict, ...]:
        """What decides, and is not known."""
        return tuple(one for one in self.verdicts if one.decides and one.state is State.NOT_KNOWN)

    @property
    def proven(self) -> bool:
        """Whether nothing is missing, and all that decides is known."""
        return self.as_needed and not self.unproven
