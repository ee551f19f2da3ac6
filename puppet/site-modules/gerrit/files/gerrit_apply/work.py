"""A new Gerrit, a restart, an upgrade; and the way back."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from gerrit_apply.service import Service
from gerrit_apply.wanted import UNIT, ApplyError, Settings, is_wanted, place, plugins, remembered, state_of, write

# What `init` of another version changes, and nothing else that people made.
CHANGED_BY_INIT = ("etc", "git/All-Projects.git", "git/All-Users.git", "lib")
LOG = "logs/error_log"


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


@dataclass(frozen=True)
class Before:
    """What was there: files in ``folder``, the WAR that ran, whether Gerrit ran."""

    settings: Settings
    folder: Path
    war: Path | None
    ran: bool

    @classmethod
    def keep(cls, settings: Settings, names: tuple[str, ...], ran: bool) -> Before:
        folder = settings.state / "before"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        for name in names:
            copy(settings.site / name, folder / "site" / name)
        copy(settings.units / UNIT, folder / UNIT)
        war = settings.current.resolve() if settings.current.exists() else None
        return cls(settings, folder, war, ran)

    def put_back(self, names: tuple[str, ...]) -> None:
        for name in names:
            kept, live = self.folder / "site" / name, self.settings.site / name
            if kept.exists():
                if live.is_dir():
                    shutil.rmtree(live)
                copy(kept, live)
        copy(self.folder / UNIT, self.settings.units / UNIT)
        if self.war is not None:
            link(self.settings, self.war)


def restart(settings: Settings, service: Service) -> None:
    """Has Gerrit read other settings, keys, plugins, or run under another unit; or undoes it. Raises ``ApplyError``."""
    names = ("etc", "plugins")
    before = Before.keep(settings, names, service.active())
    place(settings)
    if before.ran:
        service.stop()
    if service.start():
        return
    service.stop()
    before.put_back(names)
    raise ApplyError(f"Gerrit does not come up with these settings{back(settings, service, before.ran)}")


def upgrade(settings: Settings, service: Service) -> None:
    """Has another WAR take over the Gerrit that is there, or undoes it. Raises ``ApplyError``."""
    names = (*CHANGED_BY_INIT, "plugins")
    ran = service.active()
    service.stop()
    index, old_index = settings.site / "index", settings.site / "index.before"
    before = Before.keep(settings, names, ran)
    shutil.rmtree(old_index, ignore_errors=True)
    if index.is_dir():
        index.rename(old_index)
    place(settings)
    link(settings, settings.war)
    problem = initialise(settings, service) or (None if service.run("reindex") else "its 'reindex' fails")
    if problem is None and not service.start():
        problem = "it does not come up"
    if problem is None:
        shutil.rmtree(old_index, ignore_errors=True)
        return
    service.stop()
    before.put_back(names)
    shutil.rmtree(index, ignore_errors=True)
    if old_index.is_dir():
        old_index.rename(index)
    words = back(settings, service, ran) if before.war is not None else ", and there is no earlier one to go back to"
    raise ApplyError(f"the Gerrit in {settings.war.name} does not take over: {problem}{words}")


def initialise(settings: Settings, service: Service) -> str | None:
    """Runs `init`, which writes into its settings what we do not want there. What is wrong, or None."""
    if not service.run("init", "--batch", "--no-auto-start", "--skip-plugins"):
        return "its 'init' fails"
    place(settings)
    return None


def back(settings: Settings, service: Service, ran: bool) -> str:
    """Starts what was there before, where it ran. What came of it, in words."""
    log = settings.site / LOG
    if not ran:
        return f"; what was there before is back ({log})"
    if service.start():
        return f"; what was there before is back, and runs ({log})"
    return f"; what was there before is back, and does not come up either: {log}, journalctl -u {UNIT}"


def make(settings: Settings, service: Service) -> None:
    """A Gerrit where there is none. Raises ``ApplyError``; the next run goes on."""
    place(settings)
    link(settings, settings.war)
    problem = initialise(settings, service)
    if problem is not None:
        raise ApplyError(f"Gerrit cannot be made: {problem}")
    if not service.start():
        raise ApplyError(f"Gerrit does not come up: {settings.site / LOG}, journalctl -u {UNIT}")


def prune(settings: Settings, kept: Path | None) -> None:
    """Removes the WARs that neither run nor ran before."""
    for war in settings.war.parent.glob("*.war"):
        if war not in (settings.war, kept):
            war.unlink()


def apply(settings: Settings, service: Service) -> None:
    """Does what there is to do. Raises ``ApplyError``."""
    applied, wanted = remembered(settings, "applied"), state_of(settings)
    if is_wanted(settings, "rejected"):
        rejected = remembered(settings, "rejected")
        raise ApplyError(
            f"{rejected['why']} (that was at {rejected['when']}; it is not tried again until something else is wanted, "
            f"or {settings.state}/rejected is removed)"
        )
    running = settings.current.resolve() if settings.current.exists() else None
    try:
        if not settings.exists or (not applied and running == settings.war):
            make(settings, service)
        elif applied.get("war") != wanted["war"]:
            upgrade(settings, service)
        else:
            restart(settings, service)
    except ApplyError as error:
        if applied:
            when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
            write(settings.state / "rejected", json.dumps({**wanted, "why": str(error), "when": when}), 0o600)
        raise
    (settings.state / "rejected").unlink(missing_ok=True)
    ours = json.dumps([*plugins(settings.state / "plugins")])
    write(settings.state / "applied", json.dumps({**wanted, "plugins": ours}), 0o600)
    if running is not None:
        prune(settings, running)
