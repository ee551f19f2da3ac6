"""Which real servers there are to prove: WARs and plugins in a folder. A stand-in takes the place of a missing one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pkgci.errors import UsageError

# How a run of the lab tests is told what its lab is to have.
REVIEW_WAR, JENKINS_WAR, PLUGINS = "PKGCI_LAB_REVIEW_WAR", "PKGCI_LAB_JENKINS_WAR", "PKGCI_LAB_JENKINS_PLUGINS"
LAB_NAME = "PKGCI_LAB_NAME"
_WANTED = "a folder with gerrit.war, or with jenkins.war and plugins/, or with all of them"


@dataclass(frozen=True)
class Servers:
    """The files of the real servers; None where the lab's stand-in takes their place."""

    review: Path | None = None
    jenkins: Path | None = None
    plugins: Path | None = None

    @classmethod
    def in_folder(cls, folder: Path) -> Servers:
        """What ``folder`` has: gerrit.war, jenkins.war, plugins/. Raises ``UsageError`` where that is half of a server.

        A Jenkins without plugins takes no job from Zuul.
        """
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder", _WANTED)
        review, jenkins = _file(folder / "gerrit.war"), _file(folder / "jenkins.war")
        plugins = folder / "plugins" if any((folder / "plugins").glob("*.[hj]pi")) else None
        if jenkins is not None and plugins is None:
            raise UsageError(
                f"{folder} has jenkins.war without plugins/: there is no plugins/*.hpi or plugins/*.jpi",
                "add its plugins with all that they depend on; without it, the lab's stand-in takes its place",
            )
        if plugins is not None and jenkins is None:
            raise UsageError(f"{folder} has plugins/ without jenkins.war", "add it, or take plugins/ away")
        if review is None and jenkins is None:
            raise UsageError(f"{folder} has neither gerrit.war nor jenkins.war", _WANTED)
        return cls(review, jenkins, plugins.resolve() if plugins is not None else None)

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Servers:
        """What the environment names."""
        named = (environment.get(name) for name in (REVIEW_WAR, JENKINS_WAR, PLUGINS))
        return cls(*(Path(path) if path else None for path in named))

    @property
    def environment(self) -> dict[str, str]:
        """The environment that names them."""
        named = {REVIEW_WAR: self.review, JENKINS_WAR: self.jenkins, PLUGINS: self.plugins}
        return {name: str(path) for name, path in named.items() if path is not None}

    @property
    def real(self) -> frozenset[str]:
        """The servers that are real: review, jenkins."""
        named = {"review": self.review, "jenkins": self.jenkins}
        return frozenset(name for name, path in named.items() if path is not None)

    def lab_line(self) -> str:
        """The line of a site file that gives them to its lab."""
        parts = []
        if self.review is not None:
            parts.append(f"review: {{war: '{self.review}'}}")
        if self.jenkins is not None:
            parts.append(f"jenkins: {{war: '{self.jenkins}', plugins: '{self.plugins}'}}")
        return f"lab: {{{', '.join(parts)}}}"


def _file(path: Path) -> Path | None:
    """The file at ``path``; None where there is nothing. Raises ``UsageError`` where something else is."""
    if path.is_file():
        return path.resolve()
    if path.exists() or path.is_symlink():
        what = "is not a file" if path.exists() else "is a link to what is not there"
        raise UsageError(f"{path} {what}", f"put the WAR there, or take {path.name} away")
    return None
