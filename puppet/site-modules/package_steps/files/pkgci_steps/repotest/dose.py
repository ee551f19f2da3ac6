"""dose-debcheck: which DEB packages cannot be installed, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..status import Ended, Status
from ..step import Step

SECONDS = 1200.0
# It ends with the number of broken packages, up to this one, or with 64 and more where it failed itself.
_LIMIT = 63


@dataclass(frozen=True)
class Broken:
    """A package that cannot be installed. ``wants`` is the dependency that nothing meets, where that is why;
    ``excludes`` the two packages that exclude each other, where that is why. ``who`` has the dependency."""

    package: str
    version: str
    who: str = ""
    wants: str = ""
    excludes: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """In words."""
        if self.wants:
            who = f"{self.who} needs" if self.who != self.package else "it needs"
            return f"{who} {self.wants}, which nothing provides"
        return f"{' and '.join(self.excludes)} exclude each other, and it needs both" if self.excludes else "no reason"

    @property
    def names(self) -> tuple[str, ...]:
        """The packages that its reason speaks of."""
        wanted = [re.split(r"[:\s(]", word.strip())[0] for word in re.split(r"[|,]", self.wants)]
        return tuple(name for name in (*wanted, *self.excludes) if name)


def check(step: Step, architecture: str, background: Path, foreground: Path) -> list[Broken]:
    """The packages in ``foreground`` that cannot be installed from both. Raises ``Ended`` (infrastructure)."""
    command = ["dose-debcheck", f"--deb-native-arch={architecture}", "--failures", "--explain"]
    behind = ["--bg", str(background)] if background.stat().st_size else []
    status, output = step.programs.output([*command, *behind, "--fg", foreground], seconds=SECONDS)
    text = output.decode(errors="replace")
    if not 0 <= status <= _LIMIT or "total-packages:" not in text:
        step.log.add(output)
        raise Ended(Status.INFRASTRUCTURE, f"dose-debcheck ended with status {status}")
    return parse(text)


def parse(text: str) -> list[Broken]:
    """What a report says."""
    report = text.partition("report:\n")[2].partition("\nbackground-packages:")[0]
    return [_broken(item) for item in re.split(r"^ -\n", report, flags=re.MULTILINE) if "status: broken" in item]


def _broken(item: str) -> Broken:
    def first(pattern: str, text: str = item) -> str:
        found = re.search(pattern, text, re.MULTILINE)
        return found[1].strip() if found else ""

    package, version = first(r"^  package: (.*)$"), first(r"^  version: (.*)$")
    missing = item.partition("missing:")[2]
    if missing:
        wants = re.sub(r":[a-z0-9-]+(?= |$)", "", first(r"^ +unsat-dependency: (.*)$", missing))
        return Broken(package, version, first(r"^ +package: (.*)$", missing), wants)
    conflict = item.partition("conflict:")[2]
    pairs = re.findall(r"^ +pkg[12]:\n +package: (.*)$", conflict, re.MULTILINE)
    return Broken(package, version, excludes=tuple(pairs))
