"""Builds by mock, in the chroots of a real distribution: for hosts that have it (Fedora, EL)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from ..layers import NAMESPACE
from ..namespaces import bare
from ..settings import Target
from ..status import Ended, Status
from ..step import Step
from . import rpm_spec

_SPECS, _SOURCES = "/builddir/build/SPECS", "/builddir/build/SOURCES"
# mock's exit status where the package is at fault (mock/exception.py); with any other the host is, or a mirror.
_REASONS = {
    1: "the build failed: see mock's words above",
    10: "the build failed: see the end of its log",
    30: "build dependencies cannot be installed: see dnf's words above",
    31: "a build dependency of another kind cannot be had: see mock's words above",
    40: "mock does not take the source package: see above",
}
# mock's own settings for the root, with ours.
_SETTINGS = """\
include('/etc/mock/{root}.cfg')
config_opts['environment']['SOURCE_DATE_EPOCH'] = '{time}'
config_opts['rpmbuild_networking'] = False
config_opts['macros']['%_buildhost'] = 'pkgci'
config_opts['macros']['%use_source_date_epoch_as_buildtime'] = '1'
config_opts['macros']['%clamp_mtime_to_source_date_epoch'] = '1'
config_opts['macros']['%build_mtime_policy'] = 'clamp_to_source_date_epoch'
config_opts['macros']['%source_date_epoch_from_changelog'] = '0'
"""
_DIST = "config_opts['macros']['%dist'] = '{dist}'\n"


class Mock:
    """Builds for ``target`` below ``folder``. ``time``: the commit's, in seconds since 1970.

    Raises ``Ended`` (infrastructure) where there is no mock.
    """

    name = "mock"

    def __init__(self, step: Step, target: Target, folder: Path, time: int, until: ExitStack) -> None:
        if shutil.which("mock") is None:
            raise Ended(
                Status.INFRASTRUCTURE,
                f"target {target.name} is built by mock, which this host does not have: make the build slave of Fedora "
                "or EL (`dnf install mock`), or give the target `backend: chroot` in the site file",
            )
        self._step = step
        self._folder = folder
        self._settings = folder / "mock.cfg"
        settings = _SETTINGS + (_DIST if target.version_suffix else "")
        self._settings.write_text(settings.format(root=target.mock_root, time=time, dist=target.version_suffix))
        # Builds that run at the same time have chroots of their own.
        self._own = re.sub(r"[^A-Za-z0-9]", "", folder.parent.name)
        self.note = f"mock in a clean chroot of {target.mock_root}"

    def expand(self, files: Path, spec: str) -> tuple[str, str]:
        """rpmspec's answers about ``spec``, which is in SPECS of ``files``. Raises ``Ended``."""
        self._must(["--init"])
        self._must(["--copyin", str(files / "SPECS" / spec), f"{_SPECS}/{spec}"])
        if sources := sorted(str(file) for file in (files / "SOURCES").iterdir()):
            self._must(["--copyin", *sources, _SOURCES])
        query = ["rpmspec", "--query", "--srpm", "--qf", rpm_spec.QUERY, f"{_SPECS}/{spec}"]
        return self._said(query), self._said(["rpmspec", "--parse", f"{_SPECS}/{spec}"])

    def build(self, files: Path, spec: str, name: str) -> list[Path]:
        """The packages that are made of ``files`` (SPECS and SOURCES). Raises ``Ended``."""
        source, built = self._folder / f"{name}-source", self._folder / name
        specs, sources = files / "SPECS" / spec, files / "SOURCES"
        try:
            self._package(["--buildsrpm", "--spec", str(specs), "--sources", str(sources)], source)
            packages = sorted(source.glob("*.src.rpm"))
            if len(packages) != 1:
                raise Ended(Status.FAILED, "mock made no source package")
            self._package(["--rebuild", str(packages[0])], built)
            return sorted(file for file in built.glob("*.rpm") if not file.is_symlink())
        finally:
            with self._step.programs.watched(None):
                self._step.programs.run([*self._command(), "--scrub=chroot"], folder=self._folder)

    def lint(self, name: str) -> str:
        """What rpmlint, where there is one, says of the packages that were built as ``name``.

        It is the host's own, and reads what a change made: as nobody, in a bare system.
        """
        if shutil.which("rpmlint") is None:
            self._step.log.say("this host has no rpmlint")
            return ""
        built = self._folder / name
        command = [*bare(built, NAMESPACE), "rpmlint", *sorted(built.glob("*.rpm"))]
        _, output = self._step.programs.output(command, environment={"HOME": "/tmp"}, folder=built)  # noqa: S108 (its own)
        self._step.log.add(output)
        return output.decode(errors="replace")

    def _command(self) -> list[str]:
        return ["mock", f"--root={self._settings}", "--isolation=simple", f"--uniqueext={self._own}"]

    def _package(self, words: Sequence[str], results: Path) -> None:
        command = [*self._command(), f"--resultdir={results}", *words]
        status = self._step.programs.run(command, folder=self._folder)
        if status in _REASONS:
            raise Ended(Status.FAILED, _REASONS[status])
        if status != 0:
            raise Ended(Status.INFRASTRUCTURE, f"mock ended with status {status}: see above")

    def _must(self, words: Sequence[str]) -> None:
        self._step.programs.must("make a chroot", [*self._command(), *words])

    def _said(self, command: Sequence[str]) -> str:
        words = [*self._command(), "--quiet", "--unpriv", "--chroot", "--", *command]
        _, output = self._step.programs.output(words, folder=self._folder)
        return output.decode(errors="replace")
