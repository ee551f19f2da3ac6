"""The build of an rpm target, from the tree to the packages in RESULTS."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from ..limits import limited
from ..namespaces import traversable
from ..processes import nothing_left
from ..report import Case, described
from ..settings import WORK, Target
from ..status import Ended, Status
from ..step import Step
from . import changelog, reproducible, rpm_autorelease, rpm_lint, rpm_release, rpm_spec
from .git import Tree, check_out
from .origins import Wanted, upstream
from .rpm_chroot import Chroot
from .rpm_mock import Mock
from .upstream.derive import derived_rpm

_BACKENDS: dict[str, type[Chroot] | type[Mock]] = {"chroot": Chroot, "mock": Mock}


def build_rpm(step: Step, target: Target) -> str:
    """Builds; returns in one line what was built. Raises ``Ended``."""
    with traversable(step, WORK) as folder, nothing_left(), ExitStack() as until:
        tree = derived_rpm(step, check_out(step, folder / "tree"))
        room = folder / "room"
        room.mkdir()
        room.chmod(0o777)
        backend = _BACKENDS[target.backend](step, target, room, tree.time, until)
        with limited(step, folder, "build", step.settings.limits.minutes):
            return _build(step, target, tree, backend, folder)


def _build(step: Step, target: Target, tree: Tree, backend: Chroot | Mock, folder: Path) -> str:
    step.details |= {"commit": tree.commit, "backend": backend.name, "backend_note": backend.note}
    step.log.say(backend.note)
    spec, files = _sources(step, tree, backend, folder / "files")
    step.details |= {"version": f"{spec.version}-{spec.release}", "source": spec.name}
    file = next((files / "SPECS").iterdir()).name
    started = time.monotonic()
    built = _acceptable(backend.build(files, file, "build"))
    step.cases.append(Case("build", seconds=time.monotonic() - started))
    for package in built:
        shutil.copyfile(package, step.inputs.results / package.name, follow_symlinks=False)
    step.details["files"] = described(step.inputs.results / package.name for package in built)
    step.details["rpmlint"], cases = rpm_lint.report(rpm_lint.parse(backend.lint("build")))
    step.cases += cases
    version = step.details["version"]
    step.details["reproducible"] = reproducible.judge(
        step, tree.commit, version, lambda: described(_acceptable(backend.build(files, file, "again")))
    )
    return f"built {spec.name} {version} for {target.name}, by backend {backend.name}"


def _sources(step: Step, tree: Tree, backend: Chroot | Mock, files: Path) -> tuple[rpm_spec.Spec, Path]:
    """The spec, and the new folder ``files`` with SPECS and SOURCES. Raises ``Ended``."""
    path = rpm_spec.find(tree)
    sources = files / "SOURCES"
    sources.mkdir(parents=True)
    (files / "SPECS").mkdir()
    for name in rpm_spec.neighbours(tree, path):
        shutil.copyfile(tree.folder / path.parent / name, sources / name, follow_symlinks=False)
    spec = _read(step, tree, path, backend, files)
    missing = {name: address for name, address in spec.addresses.items() if not (sources / name).is_file()}
    if missing:
        tarball = spec.tarball or next(iter(missing))
        wanted = Wanted("rpm", spec.name, spec.version, tarball, spec.folder, path, missing)
        for file in upstream(step, tree, wanted, files / "upstream").files:
            shutil.copyfile(file, sources / file.name)
    return spec, files


def _read(step: Step, tree: Tree, path: PurePosixPath, backend: Chroot | Mock, files: Path) -> rpm_spec.Spec:
    """What rpm makes of the spec, which is in SPECS of ``files`` afterwards as it is built. Raises ``Ended``."""
    suffix = changelog.suffix(step.inputs)
    text = (tree.folder / path).read_text(errors="surrogateescape")
    built = rpm_autorelease.with_number(step, rpm_release.with_suffix(text, suffix), path, tree.commit)
    copy = files / "SPECS" / path.name
    copy.write_text(built + rpm_spec.LISTING, errors="surrogateescape")
    spec = rpm_spec.read(*backend.expand(files, path.name))
    copy.write_text(built, errors="surrogateescape")
    if not spec.release.endswith(suffix):
        raise Ended(
            Status.FAILED,
            f"{path}: the release is {spec.release}, and not of a line 'Release: …' before the first section: a build "
            f"that is no release cannot get its mark {suffix}",
        )
    step.log.say(f"{spec.name} {spec.version}-{spec.release}")
    return spec


def _acceptable(packages: list[Path]) -> list[Path]:
    for package in packages:
        if not rpm_spec.is_name(package.name):
            raise Ended(Status.FAILED, f"a package's name is not acceptable: {package.name[:100]!a}")
    if not any(package.name.endswith(".src.rpm") for package in packages) or len(packages) < 2:
        raise Ended(Status.FAILED, "the build made no packages")
    return packages
