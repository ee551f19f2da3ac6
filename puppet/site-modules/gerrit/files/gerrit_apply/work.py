"""A new Gerrit, a restart, an upgrade; the way back; and what becomes of a run that was cut short."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import NoReturn

from gerrit_apply.service import Ended, Service
from gerrit_apply.under_way import Kind, Phase, UnderWay, link
from gerrit_apply.wanted import (
    UNIT,
    ApplyError,
    CutShortError,
    Settings,
    is_wanted,
    nothing_to_do,
    place,
    plugins,
    remembered,
    state_of,
    write,
)

# What a restart changes, and what `init` of another version does: nothing else that people made.
CHANGED_BY_RESTART = ("etc", "plugins")
CHANGED_BY_UPGRADE = ("etc", "git/All-Projects.git", "git/All-Users.git", "lib", "plugins")
LOG = "logs/error_log"
# How Gerrit says that its repositories have the schema of a newer one.
NEWER_SCHEMA = re.compile("cannot downgrade|downgrade is not supported", re.IGNORECASE)


def restart(settings: Settings, service: Service) -> None:
    """Has Gerrit read other settings, keys, plugins, or run under another unit; or undoes it. Raises ``ApplyError``."""
    work = UnderWay.begin(settings, Kind.RESTART, CHANGED_BY_RESTART, service.active(), outcome(settings))
    work.keep()
    place(settings)
    if work.ran:
        service.stop()
    work.to(Phase.STARTING)
    if service.start():
        return
    work.undo(service)
    raise ApplyError(f"Gerrit does not come up with these settings{back(work, service)}")


def upgrade(settings: Settings, service: Service) -> None:
    """Has another WAR take over the Gerrit that is there, or undoes it. Raises ``ApplyError``."""
    work = UnderWay.begin(settings, Kind.UPGRADE, CHANGED_BY_UPGRADE, service.active(), outcome(settings))
    service.stop()
    work.keep()
    place(settings)
    link(settings, settings.war)
    problem = initialise(settings, service) or failure("reindex", service.run("reindex"))
    if problem is None:
        work.to(Phase.STARTING)
        problem = None if service.start() else "it does not come up"
    if problem is None:
        return
    work.undo(service)
    raise ApplyError(f"the Gerrit in {settings.war.name} does not take over: {problem}{back(work, service)}")


def initialise(settings: Settings, service: Service) -> str | None:
    """Runs `init`, which writes into its settings what we do not want there. What is wrong, or None."""
    problem = failure("init", service.run("init", "--batch", "--no-auto-start", "--skip-plugins"))
    if problem is None:
        place(settings)
    return problem


def failure(name: str, ended: Ended) -> str | None:
    """What is wrong with how the WAR's program ``name`` ended, or None."""
    if ended.well:
        return None
    if NEWER_SCHEMA.search(ended.said):
        return (
            "the repositories have the schema of a newer Gerrit, and Gerrit does not go back over a change of its "
            "schema: declare the version that ran until now, or a newer one; an older one needs the backup from before "
            "the upgrade"
        )
    return f"its '{name}' fails"


def back(work: UnderWay, service: Service) -> str:
    """Starts what was there before, where it ran. What came of it, in words."""
    log = work.settings.site / LOG
    if work.war is None and work.kind is Kind.UPGRADE:
        return ", and there is no earlier one to go back to"
    if not work.ran:
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


def recover(settings: Settings, service: Service) -> None:
    """Ends what an earlier run left under way: the new Gerrit goes on where it only had to start, else the old one.

    A new Gerrit that runs may have been worked with: it is not taken away from people. Raises ``ApplyError`` where the
    new one, still wanted, does not come up.
    """
    work = UnderWay.read(settings)
    if work is None:
        return
    work.allow()
    ready, same = work.phase is Phase.STARTING, work.wanted == outcome(settings)
    came_up = ready and (service.active() or (same and service.start()))
    if came_up:
        accept(settings, work.wanted)
    words = "; it has come up since, and stays" if came_up else put_back(work, service)
    text = f"the last run was cut short ({work.title}){words}"
    if ready and same and not came_up:
        error = ApplyError(f"Gerrit does not come up like that: {text}")
        condemn(settings, error)
        raise error
    print(text, flush=True)
    work.end()


def put_back(work: UnderWay, service: Service) -> str:
    """Has what was there before go on, whatever of it was changed until now. What came of it, in words."""
    if work.phase not in (Phase.COPYING, Phase.BACK):
        work.undo(service)
    work.allow()
    return back(work, service)


def outcome(settings: Settings) -> dict[str, str]:
    """What is remembered once Gerrit is as wanted."""
    return {**state_of(settings), "plugins": json.dumps([*plugins(settings.state / "plugins")])}


def accept(settings: Settings, became: dict[str, str]) -> None:
    """Remembers that Gerrit is so now."""
    write(settings.state / "applied", json.dumps(became), 0o600)
    (settings.state / "rejected").unlink(missing_ok=True)


def condemn(settings: Settings, why: ApplyError) -> None:
    """Remembers that what is wanted is not to be tried again, unless it is a first Gerrit. Nothing is under way."""
    if remembered(settings, "applied"):
        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        write(settings.state / "rejected", json.dumps({**state_of(settings), "why": str(why), "when": when}), 0o600)
    end(settings)


def end(settings: Settings) -> None:
    """Nothing is under way any more: the last step."""
    work = UnderWay.read(settings)
    if work is not None:
        work.end()


def change(settings: Settings, service: Service, running: Path | None) -> None:
    """Makes Gerrit, restarts it or upgrades it; or undoes that. Raises ``ApplyError``."""
    applied = remembered(settings, "applied")
    try:
        if not settings.exists or (not applied and running == settings.war):
            make(settings, service)
        elif applied.get("war") != settings.war.stem:
            upgrade(settings, service)
        else:
            restart(settings, service)
    except ApplyError as error:
        condemn(settings, error)
        raise
    except CutShortError as error:
        work = UnderWay.read(settings)
        if work is not None and work.phase is Phase.STARTING:
            # systemd goes on to start it.
            raise ApplyError(f"{error}: the next one looks whether Gerrit has come up") from error
        abandon(settings, service, error)
    except (OSError, subprocess.SubprocessError) as error:
        # A full disk, say.
        abandon(settings, service, error)


def abandon(settings: Settings, service: Service, error: Exception) -> NoReturn:
    """Has the old Gerrit go on where nothing is wrong with what is wanted: it is tried again. Raises ``ApplyError``."""
    work = UnderWay.read(settings)
    words = put_back(work, service) if work is not None else ""
    end(settings)
    raise ApplyError(f"{error}{words}") from error


def apply(settings: Settings, service: Service) -> None:
    """Does what there is to do. Raises ``ApplyError``."""
    if UnderWay.read(settings) is not None:
        recover(settings, service)
        if nothing_to_do(settings):
            return
    if is_wanted(settings, "rejected"):
        rejected = remembered(settings, "rejected")
        raise ApplyError(
            f"{rejected['why']} (that was at {rejected['when']}; it is not tried again until something else is wanted, "
            f"or {settings.state}/rejected is removed)"
        )
    running = settings.current.resolve() if settings.current.exists() else None
    change(settings, service, running)
    accept(settings, outcome(settings))
    end(settings)
    if running is not None:
        prune(settings, running)
