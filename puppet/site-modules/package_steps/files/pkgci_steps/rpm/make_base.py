"""A program for inside a root of Debian: makes and installs the RPM that stands in for the base of an EL system.

    make_base.py FOLDER

The RPM has no files. It provides what an EL's base packages would, as far as the root really has it: the libraries and
their versions of symbols, the programs' paths, and the base packages' names. So RPMs that are installed here resolve,
and what they need is there. FOLDER is for work. It stands alone, and imports nothing of ours.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

NAME = "pkgci-base"
# A base package of an EL system → Debian's package that has the same.
ALIKE = {
    "bash": "bash",
    "coreutils": "coreutils",
    "dnf": "dnf",
    "findutils": "findutils",
    "gawk": "mawk",
    "glibc": "libc6",
    "glibc-common": "libc6",
    "grep": "grep",
    "gzip": "gzip",
    "libgcc": "libgcc-s1",
    "libstdc++": "libstdc++6",
    "openssl-libs": "libssl3t64",
    "python3": "python3",
    "python3-libs": "libpython3-stdlib",
    "rpm": "rpm",
    "sed": "sed",
    "shadow-utils": "passwd",
    "systemd": "systemd",
    "systemd-libs": "libsystemd0",
    "tar": "tar",
    "util-linux": "util-linux",
    "xz": "xz-utils",
    "zlib": "zlib1g",
}
# What every EL base has beside packages: who made it, and the folders and accounts that packages count on.
ALWAYS = ("filesystem", "setup", "system-release = 9", "system-release(releasever) = 9", "rtld(GNU_HASH)")
# Folders of EL's package `filesystem` which this root may not have: packages put files there, and own none of them.
FOLDERS = (
    *(f"/usr/share/man/man{section}" for section in range(1, 10)),
    *(f"/usr/share/{name}" for name in ("doc", "info", "licenses", "locale", "misc")),
    *("/usr/include", "/usr/lib64", "/usr/libexec", "/usr/local/bin", "/usr/src", "/var/lib", "/var/log", "/var/cache"),
)
_UPSTREAM = re.compile(r"[0-9]+(?:\.[0-9]+)*")
# Links that no package of Debian's lists by these names.
PROGRAMS = ("/bin/sh", "/usr/bin/sh", "/usr/bin/python3", "/usr/bin/awk")
# /bin is a link to /usr/bin: a program there has two names, whichever of them its package has.
_PROGRAM = re.compile(r"(?:/usr)?(/s?bin/[\w.+-]+|/s?bin/\[)")

_SPEC = """Name: {name}
Version: 9
Release: 1
Summary: Stands in for the base of an Enterprise Linux
License: Apache-2.0
{provides}

%description
This is no Enterprise Linux: it is a Debian that provides what an EL base would.

# As glibc does there: the linker learns of a new library.
%transfiletriggerin -P 2000000 -- /usr/lib64
/usr/sbin/ldconfig

%transfiletriggerpostun -P 2000000 -- /usr/lib64
/usr/sbin/ldconfig

%files
"""


def spec(provides: Iterable[str]) -> str:
    """The spec of the RPM."""
    return _SPEC.format(name=NAME, provides="\n".join(f"Provides: {word}" for word in sorted(set(provides))))


def names(installed: Mapping[str, str]) -> list[str]:
    """What the packages that are installed (name → version) are called there, with the version that upstream gave."""
    found = []
    for name, alike in ALIKE.items():
        version = installed.get(alike)
        if version is not None:
            upstream = _UPSTREAM.match(version.rpartition(":")[2])
            number = upstream[0] if upstream else "0"
            found += [f"{name} = {number}", f"{name}(x86-64) = {number}"]
    return found


def paths(files: Iterable[str]) -> list[str]:
    """Both names of the programs among ``files``."""
    found = [match[1] for file in files if (match := _PROGRAM.fullmatch(file))]
    return [*found, *(f"/usr{path}" for path in found)]


def _said(*command: str | Path, text: str = "") -> str:
    return subprocess.run(command, input=text, text=True, check=True, stdout=subprocess.PIPE).stdout


def _installed() -> dict[str, str]:
    lines = _said("dpkg-query", "--show", "--showformat", "${Package} ${Version}\n").splitlines()
    return dict(line.split() for line in lines if len(line.split()) == 2)


def _libraries() -> list[str]:
    folders = [folder for folder in Path("/usr/lib").glob("*-linux-gnu*") if folder.is_dir()]
    files = [str(file) for folder in folders for file in sorted(folder.glob("*.so.*")) if file.is_file()]
    return _said("/usr/lib/rpm/elfdeps", "--provides", text="\n".join(files) + "\n").split("\n")


def main() -> None:
    """The program."""
    work = Path(sys.argv[1])
    work.mkdir(parents=True)
    for folder in FOLDERS:
        Path(folder).mkdir(parents=True, exist_ok=True)
    # Where EL's packages have their libraries, and Debian's linker does not look.
    Path("/etc/ld.so.conf.d/pkgci-base.conf").write_text("/usr/lib64\n")
    installed = _installed()
    files = _said("dpkg-query", "--listfiles", *sorted({alike for alike in ALIKE.values() if alike in installed}))
    libraries = [line for line in _libraries() if line.strip()]
    provides = [*ALWAYS, *names(installed), *paths(files.splitlines()), *PROGRAMS, *libraries]
    file = work / f"{NAME}.spec"
    file.write_text(spec(provides))
    settings = {"_topdir": work, "_buildhost": "pkgci", "use_source_date_epoch_as_buildtime": "1"}
    options = [word for key, value in settings.items() for word in ("--define", f"{key} {value}")]
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    subprocess.run(["rpmbuild", "--quiet", "-bb", "--target", "noarch", *options, file], check=True)
    subprocess.run(["rpm", "--install", *sorted((work / "RPMS").rglob("*.rpm"))], check=True)


if __name__ == "__main__":
    main()
