"""Whose a package is: the first project that releases a name owns it, and nobody owns what systems are made of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..programs import Programs
from ..status import Ended, Status
from .built import Built
from .manifest import Manifest

# What an EL or Fedora system cannot be without, and what its packages come from. It is a list, for no such system is at
# hand here to ask; what Debian's systems are made of, this host's dpkg knows.
_RPM_BASE = Path(__file__).with_name("rpm-base.txt")
_DPKG_FORMAT = "${Package}\t${Essential}\t${Priority}\t${Pre-Depends}, ${Depends}\n"
_BASE_PRIORITIES = ("required", "important")


def check(project: str, kind: str, built: Built, released: Manifest, base: frozenset[str]) -> None:
    """Raises ``Ended`` (failed) where a name in ``built`` is another project's, or of the ``base`` of a system."""
    names = {built.source, *(file.package for file in built.files)}
    same_kind = [entry for entry in released.entries if entry.kind == kind]
    owners = {name: entry.project for entry in reversed(same_kind) for name in entry.names & names}
    for name in sorted(names):
        owner = owners.get(name)
        if owner is not None and owner != project:
            raise Ended(Status.FAILED, f"the package {name} belongs to {owner}, which released it first")
        if owner is None and name in base and built.source != project.rpartition("/")[2]:
            raise Ended(
                Status.FAILED,
                f"the package {name} is of every system's base: only a project that is called {built.source} may "
                "replace it",
            )


def base_of(kind: str, programs: Programs) -> frozenset[str]:
    """The names of the packages that a system of ``kind`` is made of.

    deb: what is essential, required or important on this host, and what that depends on.
    """
    if kind == "rpm":
        return frozenset(_RPM_BASE.read_text().split())
    status, text = programs.output(["dpkg-query", "--show", f"--showformat={_DPKG_FORMAT}"])
    if status != 0:
        raise Ended(Status.INFRASTRUCTURE, f"dpkg-query ended with status {status}")
    return deb_base(text.decode(errors="replace").splitlines())


def deb_base(lines: Iterable[str]) -> frozenset[str]:
    """The base in what dpkg-query says: a line a package, its name, Essential, Priority and what it depends on."""
    rows = {words[0]: words for words in (line.split("\t") for line in lines) if len(words) == 4}
    found = {name for name, words in rows.items() if words[1] == "yes" or words[2] in _BASE_PRIORITIES}
    todo = list(found)
    while todo:
        for wanted in _first_words(rows[todo.pop()][3]):
            if wanted in rows and wanted not in found:
                found.add(wanted)
                todo.append(wanted)
    return frozenset(found)


def _first_words(depends: str) -> list[str]:
    """The names in a list of dependencies, of alternatives all."""
    return [word.split()[0].partition(":")[0] for word in depends.replace("|", ",").split(",") if word.split()]
