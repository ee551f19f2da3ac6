"""The files that a site file names: whether they are there, and are what they should be."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

from pkgci.model.document import Document, Fault, Path_
from pkgci.model.keys import private_key_problem, public_key_problem
from pkgci.model.schema import Manifests, SiteFile
from pkgci.model.words import nearest
from pkgci.paths import beside

# How a Hiera template's name ends.
TEMPLATE = ".yaml.j2"
_JOBS = ("*.yaml", "*.yml")


class _Kind(Enum):
    """What a path is to be."""

    FILE = "file"
    FOLDER = "folder"
    ANY = "file or folder"


def check_files(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    """The faults of the files that the site names: keys, jobs, layouts, and somebody's manifests."""
    yield from _key_files(document, site_file)
    for index, file in enumerate(site_file.jenkins.jobs):
        yield from _jobs(document, ("jenkins", "jobs", index), file)
    for index, file in enumerate(site_file.zuul.layouts):
        yield from _absent(document, ("zuul", "layouts", index), file, _Kind.FILE)
    if site_file.manifests is not None:
        yield from _manifests(document, site_file.manifests)


def administrators(document: Document) -> tuple[list[Fault], dict[str, tuple[str, ...]]]:
    """The faults of the administrators' key files, and the keys in them; the document need not fit the schema."""
    access = document.data.get("access")
    named = access.get("administrators") if isinstance(access, dict) else None
    faults, found = [], {}
    for name, file in named.items() if isinstance(named, dict) else ():
        if not isinstance(file, str) or not file.strip() or "\0" in file:
            continue
        place = document.position(("access", "administrators", name))
        keys, problem = _public_keys(str(name), beside(document.path.parent, file))
        if problem is not None:
            faults.append(Fault(place, problem))
        found[name] = keys
    return faults, found


def _public_keys(name: str, path: Path) -> tuple[tuple[str, ...], str | None]:
    """The keys in a file, and what is wrong with it."""
    try:
        if path.exists() and not path.is_file():
            return (), f"{path} is no public SSH key: it is not a regular file"
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        return (), f"cannot read {name}'s key file {path}: {error.strerror}"
    except UnicodeDecodeError:
        return (), f"{path} is no public SSH key: it is binary"
    keys = tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
    wrong = [problem for key in keys if (problem := public_key_problem(key))]
    if wrong or not keys:
        return keys, f"{path} is no public SSH key: {wrong[0] if wrong else 'it is empty'}"
    return keys, None


def _key_files(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    entries: list[tuple[Path_, str | None]] = [(("ssh", "key"), site_file.ssh.key)]
    entries += [(("hosts", name, "ssh", "key"), host.ssh.key) for name, host in site_file.hosts.items() if host.ssh]
    entries += [(("outside", "ssh", "key"), site_file.outside.ssh.key)] if site_file.outside else []
    for place, file in entries:
        problem = None if file is None else private_key_problem(beside(document.path.parent, file))
        if problem:
            yield Fault(document.position(place), f"{file} {problem}")


def _absent(document: Document, place: Path_, file: str, kind: _Kind) -> Iterator[Fault]:
    problem = _problem(beside(document.path.parent, file), kind)
    if problem is not None:
        yield Fault(document.position(place), problem)


def _problem(path: Path, kind: _Kind) -> str | None:
    """Why ``path`` is not what it should be; None where it is."""
    try:
        mode_is_folder = path.is_dir()
        there = path.exists()
        if there and not os.access(path, os.R_OK):
            return f"cannot read {path}: {os.strerror(errno.EACCES)}"
    except OSError as error:
        return f"cannot read {path}: {error.strerror}"
    if not there:
        others = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        return f"there is no {kind.value} {path}{nearest(path.name, others)}"
    if kind is not _Kind.ANY and mode_is_folder is (kind is _Kind.FILE):
        return f"{path} is a {'folder, not a file' if mode_is_folder else 'file, not a folder'}"
    return None


def _jobs(document: Document, place: Path_, file: str) -> Iterator[Fault]:
    yield from (found := list(_absent(document, place, file, _Kind.ANY)))
    folder = beside(document.path.parent, file)
    if not found and folder.is_dir() and not any(any(folder.glob(pattern)) for pattern in _JOBS):
        yield Fault(
            document.position(place), f"there are no jenkins-job-builder files ({', '.join(_JOBS)}) in {folder}"
        )


def _manifests(document: Document, manifests: Manifests) -> Iterator[Fault]:
    if (manifests.path is None) == (manifests.git is None):
        yield Fault(document.position(("manifests",), key=True), "'manifests' needs one of 'path' and 'git'")
    elif manifests.git is None and manifests.ref is not None:
        place = document.position(("manifests", "ref"), key=True)
        yield Fault(place, "'ref' names a commit of a git repository: it cannot be combined with 'path'")
    for role, settings in manifests.roles.items():
        if settings.hiera is not None:
            yield from _templates(document, ("manifests", "roles", role.value, "hiera"), settings.hiera)
    if manifests.path is None or manifests.git is not None:
        return
    tree = beside(document.path.parent, manifests.path)
    problem = _problem(tree, _Kind.FOLDER)
    if problem is not None:
        yield Fault(document.position(("manifests", "path")), problem)
        return
    for key, path, kind in _parts(manifests):
        if (problem := _problem(tree / path, kind)) is not None:
            # A default that is not there is the tree's fault: no value of its own stands in the file.
            yield Fault(document.position(("manifests", *key)), problem)


def _parts(manifests: Manifests) -> Iterable[tuple[Path_, str, _Kind]]:
    """What a tree must have: the key that says so, the path in the tree, and what it is."""
    yield ("site",), manifests.site, _Kind.ANY
    for index, folder in enumerate(manifests.modules):
        yield ("modules", index), folder, _Kind.FOLDER
    if manifests.hiera is not None:
        yield ("hiera",), manifests.hiera, _Kind.FILE


def _templates(document: Document, place: Path_, folder: str) -> Iterator[Fault]:
    yield from (found := list(_absent(document, place, folder, _Kind.FOLDER)))
    path = beside(document.path.parent, folder)
    if not found and not any(path.glob(f"*{TEMPLATE}")):
        yield Fault(document.position(place), f"there are no Hiera templates (*{TEMPLATE}) in {path}")
