"""The stand-in's Debian package, as data: whoever builds it needs this, and `dpkg-deb`.

The package has the real one's name and places (unit, user, home), so that the same manifests install it. It says in its
description what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

_LIBRARY = "usr/lib/jenkins-stand-in"
_MODULE = f"{_LIBRARY}/jenkins_stand_in"
_DEPENDS = ("adduser", "python3", "python3-jinja2", "python3-paramiko", "python3-six", "python3-yaml")
_FILES = {
    "usr/bin/jenkins": (0o755, "jenkins"),
    "usr/bin/jenkins-plugin-cli": (0o755, "jenkins-plugin-cli"),
    "usr/lib/systemd/system/jenkins.service": (0o644, "jenkins.service"),
    "usr/share/java/jenkins.war": (0o644, "jenkins.war"),
}


@dataclass(frozen=True)
class Wheel:
    """A library from Python's package index that Debian does not have. It is unpacked into ``directory``.

    ``requirement`` is what pip is to be asked for, without dependencies and with ``sha256`` as the only allowed hash.
    """

    requirement: str
    sha256: str
    directory: str

    @property
    def pip_line(self) -> str:
        """The line of a requirements file for ``pip --require-hashes``."""
        return f"{self.requirement} --hash=sha256:{self.sha256}"


@dataclass(frozen=True)
class Package:
    """A Debian package. Paths have no leading '/'. ``files``: path → (mode, content), all owned by root."""

    name: str
    version: str
    control: str
    scripts: Mapping[str, bytes]
    files: Mapping[str, tuple[int, bytes]]
    wheels: tuple[Wheel, ...]

    @property
    def file_name(self) -> str:
        """What the package's file is called."""
        return f"{self.name}_{self.version}_all.deb"

    @property
    def tree(self) -> Mapping[str, tuple[int, bytes]]:
        """The folder for ``dpkg-deb --root-owner-group --build``; the wheels are to be unpacked into it first."""
        control = {"DEBIAN/control": (0o644, self.control.encode())}
        scripts = {f"DEBIAN/{name}": (0o755, content) for name, content in self.scripts.items()}
        return {**control, **scripts, **self.files}


def package(version: str) -> Package:
    """The package ``jenkins`` of ``version``, the version of Jenkins that it stands in for."""
    folder = files(__package__)
    debian = folder / "debian"
    content = {path: (mode, (debian / name).read_bytes()) for path, (mode, name) in _FILES.items()}
    content |= {f"{_MODULE}/{path}": (0o644, data) for path, data in _contents(folder / "program", "")}
    content[f"{_MODULE}/version"] = (0o644, f"{version}\n".encode())
    return Package(
        name="jenkins",
        version=version,
        control=_control(version),
        scripts={name: (debian / name).read_bytes() for name in ("postinst", "prerm", "postrm")},
        files=content,
        wheels=(
            # gear imports nothing but six at run time; its other requirements are those of its command, geard.
            Wheel("gear==0.16.0", "9993258bf44b7e74a5033b4744e4aa4b786b04539808030642bed366716c2e4f", _LIBRARY),
        ),
    )


def _control(version: str) -> str:
    return "\n".join(
        [
            "Package: jenkins",
            f"Version: {version}",
            "Architecture: all",
            "Maintainer: pkgci <root@localhost>",
            "Section: devel",
            "Priority: optional",
            f"Depends: {', '.join(_DEPENDS)}",
            "Description: pkgci's stand-in for Jenkins, not Jenkins",
            " Reads the configuration that Jenkins reads, answers its REST API as far as",
            " jenkins-job-builder needs it, and runs freestyle jobs for Gearman on nodes",
            " reached over SSH. For labs only.",
            "",
        ]
    )


def _contents(folder: Traversable, below: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _contents(entry, f"{below}{entry.name}/")
        elif entry.is_file() and not entry.name.endswith(".pyc"):
            yield f"{below}{entry.name}", entry.read_bytes()
