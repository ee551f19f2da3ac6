"""The build of a deb target, from the tree to the packages in RESULTS."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from .. import publishable
from ..chroots import Purpose, ensure
from ..limits import limited
from ..namespaces import traversable
from ..processes import nothing_left
from ..report import Case, described
from ..repository import look_deb
from ..settings import WORK, Target
from ..status import Ended, Status
from ..step import Step
from . import extra, lint, reproducible, sbuild
from .git import check_out
from .source import Source, make_source
from .upstream.derive import derived_deb


def build_deb(step: Step, target: Target) -> str:
    """Builds; returns in one line what was built. Raises ``Ended``."""
    chroot = ensure(step, target, Purpose.BUILD)
    minutes = step.settings.limits.minutes
    with traversable(step, WORK) as folder, nothing_left(), limited(step, folder, "build", minutes):
        tree = derived_deb(step, check_out(step, folder / "tree"), target.suite or "")
        room = folder / "source"
        room.mkdir()
        room.chmod(0o777)
        source = make_source(step, tree, target, room)
        step.details |= {"commit": tree.commit, "version": source.release.version, "source": source.release.source}
        commands = extra.setup_commands(step, target)
        started = time.monotonic()

        def build(name: str) -> list[Path]:
            built = sbuild.build(step, source.dsc, target.suite or "", chroot, commands, folder / name)
            return _files(source, built)

        files = build("build")
        step.cases.append(Case("build", seconds=time.monotonic() - started))
        step.details["files"] = _keep(files, step.inputs.results)
        check(step)
        step.details["lintian"], cases = lint.report(lint.findings(step, files, folder / "lintian"))
        step.cases += cases
        step.details["reproducible"] = reproducible.judge(
            step, tree.commit, source.release.version, lambda: described(build("again"))
        )
    return f"built {source.release.source} {source.release.version} for {target.name}"


def check(step: Step) -> None:
    """Looks into what is kept as the publisher will. Raises ``Ended`` (failed) where that would refuse it."""
    checksums = {file["name"]: file["sha256"] for file in step.details["files"]}
    try:
        look_deb.look(step.inputs.results, checksums, step.inputs, step.programs)
    except ValueError as error:
        raise Ended(Status.FAILED, f"this build cannot be published: {error}") from None


def _files(source: Source, built: Path) -> list[Path]:
    """The packages that sbuild left in ``built``, and all of the source package. Raises ``Ended``."""
    found = [file for file in built.iterdir() if publishable.is_built(file.name)]
    found += source.files
    files = {file.name: file for file in found if file.is_file() and not file.is_symlink()}
    changes = (file.read_text(errors="replace") for name, file in files.items() if name.endswith(publishable.CHANGES))
    if why := publishable.refusal(files, "".join(changes)):
        raise Ended(Status.FAILED, f"this build cannot be published: {why}")
    return [files[name] for name in sorted(files)]


def _keep(files: list[Path], results: Path) -> list[dict[str, Any]]:
    for file in files:
        shutil.copyfile(file, results / file.name)
    return described(results / file.name for file in files)
