"""The pages above the builds' own: of a change, of a patch set, a pipeline or a job in it, and of the latest builds.

They are files, made anew when a build begins, when its results come, and when it goes. They stand in a folder that
nobody sends files to, at the same path as what they are about; a build's own page is the same file for all of them, and
reads what the build sent (``build.js``).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from .build import Build, read_build
from .files import held, write
from .page import page
from .store import BuildPath, Refused, Store, build_path

LATEST = 100  # builds on the first page
SHOWN = 1000  # builds on any other
_LOCKS = 64


def show(store: Store, path: BuildPath) -> None:
    """Brings the pages above a build, which has begun or has sent results, up to date."""
    with _only_one(store):
        latest = _latest(store)
        if path.text not in latest:
            _write(store.state / "latest", "".join(f"{text}\n" for text in [path.text, *latest][:LATEST]))
        _show_latest(store)
    # A subject with very many builds keeps nobody waiting but its own.
    with _only_one(store, path.subject):
        _show_subject(store, path.subject)


def show_all(store: Store) -> None:
    """Makes all pages anew, and removes those of what is gone. Uploads wait for one subject at most."""
    paths = list(store.builds())
    for subject in sorted({path.subject for path in paths}):
        with _only_one(store, subject):
            _show_subject(store, subject)
    builds = sorted((read_build(store, path) for path in paths), key=lambda build: build.started, reverse=True)
    with _only_one(store):
        known = {build.path.text for build in builds}
        new = [text for text in _latest(store) if text not in known and (store.logs / text).is_dir()]
        latest = [*new, *(build.path.text for build in builds)]
        _write(store.state / "latest", "".join(f"{text}\n" for text in latest[:LATEST]))
        _show_latest(store)
        _remove_gone(store)


def _remove_gone(store: Store) -> None:
    for file in list(store.pages.rglob("index.html")):
        if not (store.logs / file.parent.relative_to(store.pages)).is_dir():
            file.unlink()
    for file in list(store.known.rglob("*.json")):
        if not (store.logs / file.with_suffix("").relative_to(store.known)).is_dir():
            file.unlink()
    for top in (store.pages, store.known):
        for folder in sorted((entry for entry in top.rglob("*") if entry.is_dir()), reverse=True):
            with suppress(OSError):  # there is something in it
                folder.rmdir()


def _show_latest(store: Store) -> None:
    builds = []
    for text in _latest(store):
        if (store.logs / text).is_dir():
            with suppress(Refused):
                builds.append(read_build(store, build_path(text)))
    _write(store.pages / "index.html", page("", builds))


def _show_subject(store: Store, subject: str) -> None:
    inside: dict[str, list[Build]] = {}
    for build in _newest_first([read_build(store, path) for path in store.builds(subject)]):
        for folder in build.path.above:
            inside.setdefault(folder, []).append(build)
    for folder, builds in inside.items():
        _write(store.pages / folder / "index.html", page(folder, builds[:SHOWN], len(builds)))


def _newest_first(builds: Sequence[Build]) -> list[Build]:
    return sorted(builds, key=lambda build: (int(build.path.patchset or 0), build.started), reverse=True)


def _latest(store: Store) -> list[str]:
    try:
        return (store.state / "latest").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _only_one(store: Store, subject: str = "") -> AbstractContextManager[int]:
    """Several hosts send at once; whoever comes last has seen everything. Some subjects share a lock."""
    number = zlib.crc32(subject.encode()) % _LOCKS if subject else ""
    return held(store.state / f"lock{number}")


def _write(path: Path, text: str) -> None:
    with suppress(FileNotFoundError):
        if path.read_text(encoding="utf-8") == text:
            return
    write(path, text)
