"""What an installed package must be like: its files as it declares them, its services such that systemd takes them."""

from __future__ import annotations

import re
import time
from pathlib import PurePosixPath

from ..report import Case
from ..status import Status
from .root import Root, Said

_UNIT = re.compile(r"(/usr)?/lib/systemd/system/[^/]+\.(service|socket|timer|path|mount|target)")
# What there is to say of package $1, all at once: '+' and a unit that is there, '-' and a path that is not, '!' and
# what is not as its md5sums and its configuration files say.
_LOOK = """\
set -e
dpkg-query --listfiles "$1" >/tmp/pkgci-listed
while IFS= read -r path; do
    case $path in /*) ;; *) continue ;; esac
    if ! [ -e "$path" ] && ! [ -L "$path" ]; then
        printf -- "-%s\\n" "$path"
    else
        case $path in */systemd/system/*) printf "+%s\\n" "$path" ;; esac
    fi
done </tmp/pkgci-listed
rm /tmp/pkgci-listed
dpkg --verify "$1" | sed 's/^/!/'
"""

# Prints files. One may be a link to a unit that is not there.
READ = 'cat -- "$@" 2>/dev/null || :'


def units(paths: list[str]) -> list[str]:
    """Those of ``paths`` that are systemd's."""
    return [path for path in paths if _UNIT.fullmatch(path)]


def deb(root: Root, package: str, when: str) -> list[Case]:
    """The cases of an installed DEB package. ``when`` goes before their names."""
    said = root.ask("sh", "-c", _LOOK, "sh", package).splitlines()
    there, missing, changed = ([line[1:] for line in said if line.startswith(mark)] for mark in "+-!")
    paths = [*there, *missing]
    found = services(root, package, paths, when)
    if found and not when:
        beyond(root, package, there)
    return [_files(package, when, missing, changed), *found]


def beyond(root: Root, package: str, paths: list[str]) -> None:
    """Warns of programs that a package's units start and no dependency of its brings.

    They are there, in the distribution's standard minimal system: a smaller one, as containers are, may lack them.
    """
    programs = started(root.ask("sh", "-c", READ, "sh", *units(paths)))
    names = sorted({name for program in programs for name in merged(program)})
    if not names:
        return
    owners = re.findall(r"^([^\s:,]+)(?::\S+)?: (\S+)$", root.run("dpkg-query", "--search", *names).text, re.MULTILINE)
    shown = root.ask("dpkg-query", "--show", "--showformat", "${Package} ${Essential} ${Priority}\n")
    important = {line.split()[0] for line in shown.splitlines() if line.endswith(" no important")}
    if not important & {owner for owner, _ in owners}:
        return
    least = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    needs = root.ask("apt-cache", "depends", "--recurse", "--installed", *(f"--no-{word}" for word in least), package)
    needed = {line.partition(":")[0] for line in needs.splitlines() if not line.startswith((" ", "<"))}
    for owner, program in owners:
        if owner in important - needed:
            said = f"{package} starts {program}, and does not depend on {owner}: a smaller system may lack it"
            root.step.log.say(f"warning: {said}")
            root.step.details.setdefault("warnings", []).append(said)


def started(text: str) -> list[str]:
    """The programs that the units in ``text`` start."""
    return list(dict.fromkeys(re.findall(r"^Exec\w+=[-@:+!|]*(/[^\s;]+)", text, re.MULTILINE)))


def merged(program: str) -> tuple[str, ...]:
    """A program's path, and its other one where /bin is /usr/bin: dpkg knows the one that its package has."""
    other = program.removeprefix("/usr") if program.startswith("/usr/") else f"/usr{program}"
    return (program, other) if re.match(r"(/usr)?/s?bin/", program) else (program,)


def rpm(root: Root, package: str, when: str) -> list[Case]:
    """The cases of an installed RPM package."""
    paths = root.ask("rpm", "--query", "--list", package).splitlines()
    # Marks: S size, M mode, 5 checksum…; files that the package says it does not own the content of are not its fault.
    verified = root.run("rpm", "--verify", "--nodeps", package).text.splitlines()
    bad = [line for line in verified if not re.match(r"[.?]{7}T[.?] |\S+ +g /", line)]
    missing = [line.split()[-1] for line in bad if line.startswith("missing")]
    return [
        _files(package, when, missing, [line for line in bad if not line.startswith("missing")]),
        *services(root, package, paths, when),
    ]


def _files(package: str, when: str, missing: list[str], changed: list[str]) -> Case:
    wrong = [f"{path} is not there" for path in missing] + [f"not as packaged: {line}" for line in changed]
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    status = Status.FAILED if wrong else Status.PASSED
    return Case(f"{package}: {when}files", status, f"{wrong[0]}{more}" if wrong else "", "\n".join(wrong))


def services(root: Root, package: str, paths: list[str], when: str) -> list[Case]:
    """A case, where the package has units."""
    found = units(paths)
    if not found:
        return []
    started = time.monotonic()
    said = root.check_units([PurePosixPath(path).name for path in found])
    good = said.status == 0
    name = f"{package}: {when}services"
    message = "" if good else _first(said)
    status = Status.PASSED if good else Status.FAILED
    return [Case(name, status, message, said.text, time.monotonic() - started)]


def _first(said: Said) -> str:
    lines = [line for line in said.text.splitlines() if line.strip()]
    return lines[0] if lines else f"systemd-analyze ended with status {said.status}"
