"""The build of an rpm target, from the tree to the packages in RESULTS."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from pathlib import Path

from ..limits import limited
from ..namespaces import traversable
from ..processes import nothing_left
from ..report import Case, described
from ..settings import WORK, Target
from ..status import Ended, Status
from ..step import Step
from . import changelog, reproducible, rpm_lint, rpm_spec
from .git import Tree, check_out
from .orig import write_orig
from .rpm_chroot import Chroot
from .rpm_mock import Mock

_BACKENDS: dict[str, type[Chroot] | type[Mock]] = {"chroot": Chroot, "mock": Mock}


def build_rpm(step: Step, target: Target) -> str:
    """Builds; returns in one line what was built. Raises ``Ended``."""
    with traversable(step, WORK) as folder, nothing_left(), ExitStack() as until:
        tree = check_out(step, folder / "tree")
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
    text = (tree.folder / path).read_text(errors="surrogateescape")
    copy = files / "SPECS" / path.name
    copy.write_text(rpm_spec.with_release(text, changelog.suffix(step.inputs)), errors="surrogateescape")
    spec = rpm_spec.read(*backend.expand(files, path.name))
    step.log.say(f"{spec.name} {spec.version}-{spec.release}")
    for name, is_there in rpm_spec.beside(tree, path, spec.files).items():
        if is_there:
            shutil.copyfile(tree.folder / path.parent / name, sources / name, follow_symlinks=False)
        elif name == spec.tarball:
            _write_tarball(tree, spec, sources / name)
        else:
            raise Ended(Status.FAILED, f"{path} names {name}, which is not beside it in the tree")
    return spec, files


def _write_tarball(tree: Tree, spec: rpm_spec.Spec, file: Path) -> None:
    if not file.name.endswith((".tar.gz", ".tgz", ".tar.xz")):
        raise Ended(
            Status.FAILED,
            f"Source0 is {file.name}, and the tree is packed as .tar.gz or .tar.xz; or keep that file beside the spec",
        )
    write_orig(tree, spec.folder, file, without=b"")


def _acceptable(packages: list[Path]) -> list[Path]:
    for package in packages:
        if not rpm_spec.is_name(package.name):
            raise Ended(Status.FAILED, f"a package's name is not acceptable: {package.name[:100]!a}")
    if not any(package.name.endswith(".src.rpm") for package in packages) or len(packages) < 2:
        raise Ended(Status.FAILED, "the build made no packages")
    return packages
