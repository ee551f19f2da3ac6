"""Builds in a clean chroot made of Debian: rpmbuild as an ordinary user, without network."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from ..chroots import Purpose, ensure
from ..install import enter as entering
from ..layers import ISOLATED, ROOT, System, claimed, layer
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from . import rpm_spec

# In the chroot: where rpmbuild works, and what is taken from there. Only root of the chroot writes to the latter.
_BUILD = "/build"
_BUILDER = ("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--no-new-privs", "--")
# What an expanded spec left there is gone with the folder.
_BRING = """\
set -eu
cd /
mkdir -p "$1/out"
rm -rf "$1/build"
cp -r "$2" "$1/build"
chown -R 1000:1000 "$1/build"
find "$1/build" -exec touch --date "@$3" {} +
"""
_TAKE = 'find /build/RPMS /build/SRPMS -type f -name "*.rpm" -exec cp --target-directory=/out {} +'
_LINT = "cd /out && exec rpmlint ./*.rpm"


class Chroot:
    """Builds for ``target`` in fresh chroots below ``folder``, which are there until ``until`` ends. ``time``: the
    commit's."""

    name = "chroot"

    def __init__(self, step: Step, target: Target, folder: Path, time: int, until: ExitStack) -> None:
        self._step = step
        self._folder = folder
        self._until = until
        self._roots: dict[str, System] = {}
        self._tree = until.enter_context(claimed(ensure(step, target, Purpose.BUILD))) / ROOT
        self._options = ["--target", platform.machine(), "--define", f"_topdir {_BUILD}"]
        if target.version_suffix:
            self._options += ["--define", f"dist {target.version_suffix}"]
        self._environment = {"HOME": _BUILD, "SOURCE_DATE_EPOCH": str(time), "TZ": "UTC"}
        self.note = (
            f"rpmbuild in a chroot made of Debian {target.suite}: neither an EL's libraries nor its own macros were "
            "used, and that BuildRequires are complete was not proven"
        )

    def expand(self, files: Path, spec: str) -> tuple[str, str]:
        """rpmspec's answers about ``spec``, which is in SPECS of ``files``. Raises ``Ended``."""
        root = self._root("build", files)
        file = f"{_BUILD}/SPECS/{spec}"
        words = self._said(root, ["rpmspec", *self._options, "--query", "--srpm", "--qf", rpm_spec.QUERY, file])
        return words, self._said(root, ["rpmspec", *self._options, "--parse", file])

    def build(self, files: Path, spec: str, name: str) -> list[Path]:
        """The packages that are made of ``files`` (SPECS and SOURCES) in the chroot ``name``. Raises ``Ended``."""
        root = self._root(name, files)
        if self._run(root, [*_BUILDER, "rpmbuild", "-ba", "--nodeps", *self._options, f"{_BUILD}/SPECS/{spec}"]) != 0:
            raise Ended(Status.FAILED, "the build failed: see the end of its log")
        if self._run(root, ["sh", "-c", _TAKE]) != 0:
            raise Ended(Status.FAILED, "the build made no packages")
        return [file for file in sorted((root.outside / "out").iterdir()) if file.is_file() and not file.is_symlink()]

    def lint(self, name: str) -> str:
        """What rpmlint says of the packages that were built in the chroot ``name``."""
        self._step.log.say("rpmlint:")
        said = self._said(self._roots[name], ["sh", "-c", _LINT])
        self._step.log.add(said.encode())
        return said

    def _root(self, name: str, files: Path) -> System:
        if name not in self._roots:
            self._roots[name] = self._until.enter_context(layer(self._step, self._folder, (self._tree,)))
        root = self._roots[name]
        bring: list[str | Path] = [*root.inside, "sh", "-c", _BRING, "sh", root.folder, files]
        bring.append(self._environment["SOURCE_DATE_EPOCH"])
        self._step.programs.must("bring the sources", bring)
        return root

    def _run(self, root: System, command: Sequence[str]) -> int:
        words = [*_inside(root), *command]
        return self._step.programs.run(words, environment=self._environment, folder=Path("/"))

    def _said(self, root: System, command: Sequence[str]) -> str:
        words = [*_inside(root), *_BUILDER, *command]
        _, output = self._step.programs.output(words, environment=self._environment, folder=Path("/"))
        return output.decode(errors="replace")


def _inside(root: System) -> list[str | Path]:
    limits = ["prlimit", "--core=0"]
    enter: list[str | Path] = ["/usr/bin/python3", "-I", entering.__file__, root.folder]
    return [*root.inside, *ISOLATED, "--net", "--", *limits, *enter]
