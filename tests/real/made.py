"""Packages of our own for what those of the archive at hand lack: they are built with debhelper, as those are."""

from __future__ import annotations

from pathlib import Path

PACKAGES = {
    "made-capabilities": "a file with capabilities",
    "made-diversion": "a diverted file of another package",
    "made-alternatives": "alternatives, set and taken away",
    "made-triggers": "a trigger that it waits for",
    "made-epoch": "an epoch in its version",
}

_VERSIONS = {"made-epoch": "2:1.0-1"}
_DEPENDS = {"made-capabilities": "libcap2-bin", "made-diversion": "hostname"}
_UNTIL_GONE = 'if [ "$1" = remove ]; then {}; fi'
_DIVERT = "dpkg-divert --package made-diversion --divert /usr/bin/hostname.distrib --rename"
# Package → file below debian/ → its text.
_FILES: dict[str, dict[str, str]] = {
    "made-capabilities": {
        "postinst": "setcap cap_net_raw+ep /usr/bin/made-capabilities",
        "tests/control": "Test-Command: getcap /usr/bin/made-capabilities | grep -q cap_net_raw\n"
        "Depends: @, libcap2-bin\nRestrictions: superficial\nFeatures: test-name=has-it\n",
    },
    "made-diversion": {
        "preinst": f"{_DIVERT} --add /usr/bin/hostname",
        "postrm": _UNTIL_GONE.format(f"{_DIVERT} --remove /usr/bin/hostname"),
        "install": "made-diversion usr/share/made\nhostname usr/bin\n",
        "tests/control": "Test-Command: hostname | grep -q made && hostname.distrib\nFeatures: test-name=diverted\n",
    },
    "made-alternatives": {
        "postinst": "update-alternatives --install /usr/bin/made-anything made-anything /usr/bin/made-alternatives 10",
        "prerm": _UNTIL_GONE.format("update-alternatives --remove made-anything /usr/bin/made-alternatives"),
        "tests/control": "Test-Command: made-anything\nFeatures: test-name=by-its-other-name\n",
    },
    "made-triggers": {
        "triggers": "interest-noawait /usr/share/made\n",
        "postinst": 'if [ "$1" = triggered ]; then date >/var/lib/made-triggers; fi; mkdir -p /usr/share/made',
        "tests/control": "Test-Command: made-triggers\nFeatures: test-name=runs\n",
    },
    "made-epoch": {"tests/control": "Test-Command: made-epoch\nFeatures: test-name=runs\n"},
}
_SCRIPTS = ("preinst", "postinst", "prerm", "postrm")


def write(name: str, tree: Path) -> None:
    """Writes the source tree of the package ``name`` to the new folder ``tree``."""
    debian = tree / "debian"
    (debian / "source").mkdir(parents=True)
    (tree / name).write_text(f"#!/bin/sh\necho {name}\n")
    (tree / "hostname").write_text("#!/bin/sh\necho made\n")
    (debian / "source/format").write_text("3.0 (quilt)\n")
    (debian / "changelog").write_text(
        f"{name} ({_VERSIONS.get(name, '1.0-1')}) unstable; urgency=medium\n\n  * First release.\n\n"
        " -- Ann <ann@example.org>  Mon, 05 Jan 2026 09:00:00 +0000\n"
    )
    depends = f", {_DEPENDS[name]}" if name in _DEPENDS else ""
    (debian / "control").write_text(
        f"Source: {name}\nSection: misc\nPriority: optional\nMaintainer: Ann <ann@example.org>\n"
        "Build-Depends: debhelper-compat (= 13)\nStandards-Version: 4.7.0\nRules-Requires-Root: no\n\n"
        f"Package: {name}\nArchitecture: all\nDepends: ${{misc:Depends}}{depends}\n"
        f"Description: package with {PACKAGES[name]}\n It is made by the tests.\n"
    )
    (debian / "rules").write_text("#!/usr/bin/make -f\n%:\n\tdh $@\n")
    (debian / "install").write_text(f"{name} usr/bin\n")
    (debian / "copyright").write_text("Copyright: nobody. It may be used for anything.\n")
    for file, text in _FILES[name].items():
        path = debian / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\nset -e\n{text}\n#DEBHELPER#\n" if file in _SCRIPTS else text)
    for program in (tree / name, tree / "hostname", debian / "rules"):
        program.chmod(0o755)
