"""What every system is made of, for targets whose distribution cannot be asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from ..programs import Programs
from ..status import Ended, Status
from .known import Known, Package

# What an EL or Fedora system cannot be without, and what its packages come from: a line a source, with its packages.
_RPM_BASE = Path(__file__).with_name("rpm-base.txt")
_DPKG_FORMAT = "${Package}\t${Essential}\t${Priority}\t${source:Package}\t${Pre-Depends}, ${Depends}\n"
_BASE_PRIORITIES = ("required", "important")


def of_rpm(names: Collection[str]) -> Known:
    """What is known of ``names`` for a target of RPM packages."""
    lines = (line.partition(":") for line in _RPM_BASE.read_text().splitlines())
    return _known(names, {package: source for source, _, rest in lines for package in rest.split()})


def of_host(names: Collection[str], programs: Programs) -> Known:
    """What is known of ``names`` for a target of Debian packages: what is essential, required or important on this
    host, and what that depends on. Raises ``Ended`` (infrastructure)."""
    status, text = programs.output(["dpkg-query", "--show", f"--showformat={_DPKG_FORMAT}"])
    if status != 0:
        raise Ended(Status.INFRASTRUCTURE, f"dpkg-query ended with status {status}")
    return _known(names, deb_base(text.decode(errors="replace").splitlines()))


def _known(names: Collection[str], base: Mapping[str, str]) -> Known:
    packages = tuple(Package(name, "", base[name]) for name in sorted(names) if name in base)
    return Known(packages, frozenset(names) & frozenset(base.values()))


def deb_base(lines: Iterable[str]) -> dict[str, str]:
    """The base in what dpkg-query says, package → source: a line a package, its name, Essential, Priority, its source
    and what it depends on."""
    rows = {words[0]: words for words in (line.split("\t") for line in lines) if len(words) == 5}
    found = {name for name, words in rows.items() if words[1] == "yes" or words[2] in _BASE_PRIORITIES}
    todo = list(found)
    while todo:
        for wanted in _first_words(rows[todo.pop()][4]):
            if wanted in rows and wanted not in found:
                found.add(wanted)
                todo.append(wanted)
    return {name: rows[name][3] for name in found}


def _first_words(depends: str) -> list[str]:
    """The names in a list of dependencies, of alternatives all."""
    return [word.split()[0].partition(":")[0] for word in depends.replace("|", ",").split(",") if word.split()]
