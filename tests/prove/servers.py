"""Which real servers there are to prove: WARs and plugins in a folder. A stand-in takes the place of a missing one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# How a run of the lab tests is told what its lab is to have.
REVIEW_WAR, JENKINS_WAR, PLUGINS = "PKGCI_LAB_REVIEW_WAR", "PKGCI_LAB_JENKINS_WAR", "PKGCI_LAB_JENKINS_PLUGINS"
LAB_NAME = "PKGCI_LAB_NAME"


@dataclass(frozen=True)
class Servers:
    """The files of the real servers; None where the lab's stand-in takes their place."""

    review: Path | None = None
    jenkins: Path | None = None
    plugins: Path | None = None

    @classmethod
    def in_folder(cls, folder: Path) -> Servers:
        """What ``folder`` has: gerrit.war, jenkins.war, plugins/. A Jenkins without plugins takes no job from Zuul."""
        review, jenkins, plugins = folder / "gerrit.war", folder / "jenkins.war", folder / "plugins"
        whole = jenkins.is_file() and any(plugins.glob("*.[hj]pi"))
        return cls(
            review.resolve() if review.is_file() else None,
            jenkins.resolve() if whole else None,
            plugins.resolve() if whole else None,
        )

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
