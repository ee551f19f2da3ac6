"""What is under way: what was there before, how far the work is, and the way back.

It is on the disk before the first step and until after the last, so that a run that is cut short (a deadline, a restart
of the host, ^C) is understood by the next: no half-made state is ever taken for the one before.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from gerrit_apply.wanted import MARKER, UNIT, Settings, write

if TYPE_CHECKING:
    from gerrit_apply.service import Service

# While it is there, systemd does not start Gerrit: what is in its place is neither the old one nor the new one.
HALTED = "halted"


class Kind(Enum):
    """What is done to a Gerrit that is there."""

    RESTART = "restart"
    UPGRADE = "upgrade"


class Phase(Enum):
    """How far it is."""

    COPYING = "copying"
    CHANGING = "changing"
    STARTING = "starting"
    UNDOING = "undoing"
    BACK = "back"

    @property
    def mixed(self) -> bool:
        """Whether what Gerrit works with is neither the old state nor the new one."""
        return self in (Phase.CHANGING, Phase.UNDOING)


@dataclass
class UnderWay:
    """A restart or an upgrade, and what was there before it.

    ``names`` are copied from the site, ``there`` are those of them that it had, and ``indexed`` is whether it had an
    index; ``war`` ran before, and ``ran`` is whether it did at that moment; ``wanted`` is what it is to become.
    """

    settings: Settings
    kind: Kind
    names: tuple[str, ...]
    there: tuple[str, ...]
    indexed: bool
    war: Path | None
    ran: bool
    wanted: dict[str, str]
    since: str
    phase: Phase

    @classmethod
    def begin(
        cls, settings: Settings, kind: Kind, names: tuple[str, ...], ran: bool, wanted: dict[str, str]
    ) -> UnderWay:
        """Writes down what is there now. Nothing has been changed yet."""
        there = tuple(name for name in names if (settings.site / name).exists())
        war = settings.current.resolve() if settings.current.exists() else None
        since = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        indexed = (settings.site / "index").is_dir()
        work = cls(settings, kind, names, there, indexed, war, ran, wanted, since, Phase.COPYING)
        work.to(Phase.COPYING)
        return work

    @classmethod
    def read(cls, settings: Settings) -> UnderWay | None:
        """What an earlier run began and did not end."""
        file = settings.state / MARKER
        if not file.is_file():
            return None
        found = json.loads(file.read_text())
        return cls(
            settings,
            kind=Kind(found["kind"]),
            names=tuple(found["names"]),
            there=tuple(found["there"]),
            indexed=found["indexed"],
            war=Path(found["war"]) if found["war"] else None,
            ran=found["ran"],
            wanted=found["wanted"],
            since=found["since"],
            phase=Phase(found["phase"]),
        )

    @property
    def title(self) -> str:
        what = f"upgrade to {self.wanted['war']}.war" if self.kind is Kind.UPGRADE else "restart with other settings"
        return f"{what}, begun at {self.since}"

    @property
    def folder(self) -> Path:
        return self.settings.state / "before"

    @property
    def _indexes(self) -> tuple[Path, Path]:
        """The index, and where the one before is while an upgrade makes a new one."""
        return self.settings.site / "index", self.settings.site / "index.before"

    def to(self, phase: Phase) -> None:
        """Writes down how far it is, after all that was done until now is on the disk."""
        settle(self.settings)
        if self.kind is Kind.UPGRADE and phase.mixed:
            write(self.settings.state / HALTED, "")
        self.phase = phase
        about = {
            "kind": self.kind.value,
            "names": self.names,
            "there": self.there,
            "indexed": self.indexed,
            "war": str(self.war) if self.war else None,
            "ran": self.ran,
            "wanted": self.wanted,
            "since": self.since,
            "phase": phase.value,
        }
        write(self.settings.state / MARKER, json.dumps(about), 0o600)
        self.allow()

    def allow(self) -> None:
        """Lets systemd start Gerrit, where what is there is whole."""
        if not self.phase.mixed:
            (self.settings.state / HALTED).unlink(missing_ok=True)

    def keep(self) -> None:
        """Copies what is there, before anything of it is changed."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        for name in self.there:
            copy(self.settings.site / name, self.folder / "site" / name)
        copy(self.settings.units / UNIT, self.folder / UNIT)
        index, before = self._indexes
        if self.kind is Kind.UPGRADE:
            shutil.rmtree(before, ignore_errors=True)
        self.to(Phase.CHANGING)
        if self.kind is Kind.UPGRADE and index.is_dir():
            index.rename(before)

    def undo(self, service: Service) -> None:
        """Puts back what was there. It can be cut short too, and done again."""
        service.stop()
        self.to(Phase.UNDOING)
        for name in self.names:
            live = self.settings.site / name
            shutil.rmtree(live, ignore_errors=True)
            if name in self.there:
                copy(self.folder / "site" / name, live)
        if (self.folder / UNIT).exists():
            write(self.settings.units / UNIT, (self.folder / UNIT).read_bytes())
        if self.kind is Kind.UPGRADE:
            self._undo_upgrade()
        self.to(Phase.BACK)

    def _undo_upgrade(self) -> None:
        index, before = self._indexes
        if before.is_dir() or not self.indexed:
            shutil.rmtree(index, ignore_errors=True)
        if before.is_dir():
            before.rename(index)
        if self.war is not None:
            link(self.settings, self.war)
        else:
            self.settings.current.unlink(missing_ok=True)

    def end(self) -> None:
        """Nothing is under way any more."""
        (self.settings.state / MARKER).unlink(missing_ok=True)
        (self.settings.state / HALTED).unlink(missing_ok=True)
        settle(self.settings)
        shutil.rmtree(self._indexes[1], ignore_errors=True)


def settle(settings: Settings) -> None:
    """Has what was written reach the disk."""
    subprocess.run(["sync", "-f", str(settings.site), str(settings.state)], check=True)


def link(settings: Settings, war: Path) -> None:
    """Has the unit run ``war``."""
    new = settings.state / "current.new"
    new.unlink(missing_ok=True)
    new.symlink_to(war)
    new.replace(settings.current)


def copy(source: Path, target: Path) -> None:
    """Copies a file or a folder with owners, modes and links; what is not there is not copied."""
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", str(source), str(target)], check=True)
