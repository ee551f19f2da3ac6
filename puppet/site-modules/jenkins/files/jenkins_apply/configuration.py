"""The configuration: judged, asked about, put in place, read again; and the old one put back where Jenkins refuses."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from . import documents, files, plugins
from .references import SECRET_SOURCES, Sources
from .service import UNIT, Service
from .settings import ApplyError, Settings
from .validate import faults_of
from .web import Jenkins

_TOLD = 10


def configuration_state(settings: Settings) -> str:
    """The configuration's digest, with that of the secrets that it reads."""
    digest = hashlib.sha256()
    for folder in ("casc.d", "secrets"):
        for file in sorted((settings.wanted / folder).iterdir()):
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            digest.update(f"{folder}/{file.name} {content}\n".encode())
    return digest.hexdigest() + "\n"


def judge(settings: Settings, service: Service) -> None:
    """Raises ``ApplyError`` for what is wrong with the wanted configuration: Jenkins finds little of it."""
    names = set(plugins.wanted_plugins((settings.wanted / "plugins.txt").read_text()))
    sources = Sources(service.environment(), open=bool(names & SECRET_SOURCES))
    found = faults_of(settings.wanted / "casc.d", sources)
    if found:
        lines = [f"  {fault}" for fault in found[:_TOLD]]
        more = [f"  and {len(found) - _TOLD} more"] if len(found) > _TOLD else []
        begin = "the configuration is wrong, and Jenkins keeps the one that it has:"
        end = f"the files are in {settings.wanted}/casc.d; what a site adds comes from its Hiera data"
        raise ApplyError("\n".join([begin, *lines, *more, end]))


def stage_configuration(settings: Settings) -> Path:
    """A copy of the wanted configuration beside the live one."""
    stage = settings.state / "casc.new"
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(settings.wanted / "casc.d", stage)
    stage.chmod(0o750)
    files.own(stage, user="root")
    for file in stage.iterdir():
        files.own(file, user="root")
    return stage


def ask(new: Path, live: Path, jenkins: Jenkins) -> None:
    """Raises ``ApplyError`` where the running Jenkins finds something wrong with the files in ``new``.

    What it finds wrong with the ``live`` ones, too, is none: it runs with them.
    """
    refused = _found(new, jenkins)
    if refused:
        harmless = set(_found(live, jenkins))
        refused = [fault for fault in refused if fault not in harmless]
    if refused:
        shutil.rmtree(new, ignore_errors=True)
        raise _rejected("; ".join(refused))


def _found(folder: Path, jenkins: Jenkins) -> list[str]:
    return [f"{file.name}: {fault}" for file in documents.files(folder) for fault in jenkins.check(file.read_text())]


def put_in_place(settings: Settings, new: Path, jenkins: Jenkins) -> None:
    """Has the running Jenkins read the files in ``new``, and puts the old ones back if it rejects them.

    From its beginning on nobody knows what Jenkins has: who calls this, writes it down again when all is well.
    """
    (settings.state / "casc").unlink(missing_ok=True)
    # An older one would be put back where this is cut short between the next two steps.
    shutil.rmtree(settings.old, ignore_errors=True)
    files.write(settings.unproven, "")
    goes_back = files.exchange(settings.live, new, settings.old)
    try:
        reason = jenkins.reload()
    except ApplyError as error:
        reason = str(error)
    if reason is None and not settings.unproven.exists():
        # The unit's start puts back what is unproven.
        reason = "it was started anew meanwhile, with the old one"
        goes_back = False
    elif reason is None:
        settings.unproven.unlink()
        return
    if goes_back:
        put_back(settings)
        # What Jenkins rejects late it has taken in part.
        again = jenkins.reload()
        if again is not None:
            reason += f" (and it does not read the old one again: {again})"
    raise _rejected(reason)


def put_back(settings: Settings) -> None:
    """Puts the old configuration in place of one that is not proven; also what a run that was cut short left."""
    if not settings.unproven.exists():
        return
    if settings.old.is_dir():
        if settings.live.exists():
            files.exchange(settings.live, settings.old, settings.state / "casc.rejected")
        else:
            # Cut short between the two steps of the exchange.
            settings.old.rename(settings.live)
    settings.unproven.unlink()


def _rejected(reason: str) -> ApplyError:
    return ApplyError(
        f"Jenkins rejects the configuration, and keeps the one that it had (journalctl -u {UNIT}): {reason}"
    )
