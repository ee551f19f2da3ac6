"""debian/watch (uscan(1)), read as data: where upstream's tarball of a version is, and where its signature.

Nothing in it is run. Its patterns are a stranger's: a program of its own tries them, for some seconds.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...fetch.request import Blob
from ...status import Ended, Status
from ...step import Step
from ..git import Tree
from . import watch_links
from .upstream import Wanted

FILE = "debian/watch"
_KEYS = ("debian/upstream/signing-key.asc", "debian/upstream/signing-key.pgp", "debian/upstream/signing-key.gpg")
_SECONDS = 30.0
_LONGEST = 64 * 1024
_ARCHIVE = r"\.(?:tar\.(?:xz|bz2|gz|lzma)|tgz|tbz|txz)"
_WORDS = {
    "@ANY_VERSION@": r"[-_]?[Vv]?(\d[\-+\.:\~\da-zA-Z]*)",
    "@ARCHIVE_EXT@": _ARCHIVE,
    "@SIGNATURE_EXT@": rf"{_ARCHIVE}\.(?:asc|pgp|gpg|sig|sign)",
    "@DEB_EXT@": r"[\+~](?:debian|dfsg|ds|deb)(?:\.)?(?:\d+)?$",
}
_OPTIONS = re.compile(r'opt(?:ion)?s\s*=\s*(?:"([^"]*)"|(\S+))\s*')
# A signature beside the tarball, where debian/watch does not say where.
_ENDS = (".asc", ".sig", ".gpg", ".sign")


@dataclass(frozen=True)
class Entry:
    """What debian/watch says of the main tarball. ``text`` is all of the file."""

    text: str
    page: str
    pattern: str
    options: Mapping[str, str]


@dataclass(frozen=True)
class Link:
    """Where the tarball is, and where its signature may be."""

    url: str
    signatures: tuple[str, ...]


def found(tree: Tree) -> bool:
    """Whether the tree says where upstream's tarball is, and whose signature it has."""
    return tree.text(FILE) is not None and _key(tree) is not None


def keys(tree: Tree) -> tuple[Blob, ...]:
    """Upstream's keys, which the tree has. Raises ``Ended`` (failed) where it has none."""
    path = _key(tree)
    if path is None:
        raise Ended(
            Status.FAILED,
            f"what {FILE} leads to cannot be verified: the tree has no {_KEYS[0]}. Keep upstream's key there, or say "
            "in the site file what the tarball is: `source: {tarball: {url: …, sha256: …}}`",
        )
    return (Blob(path, content=(tree.folder / path).read_bytes(), is_key=True),)


def read(tree: Tree, wanted: Wanted) -> Entry:
    """The entry for the main tarball. Raises ``Ended`` (failed)."""
    text = tree.text(FILE)
    if text is None:
        raise Ended(
            Status.FAILED,
            f"nothing says where upstream's tarball is: the tree has no {FILE}, and the site file no "
            "`source: {tarball: {url: …, sha256: …}}`",
        )
    if len(text) > _LONGEST:
        raise Ended(Status.FAILED, f"{FILE} cannot be read: it has more than {_LONGEST} characters")
    entries = list(_entries(text.replace("@PACKAGE@", wanted.source)))
    main = [(words, options) for words, options in entries if "component" not in options]
    if len(main) != 1 or len(entries) != 1:
        raise Ended(Status.FAILED, f"{FILE} leads to {len(entries)} tarballs: only one is fetched")
    words, options = main[0]
    for name, fine in (("mode", ("lwp", "http")), ("pgpmode", ("auto", "default", "mangle"))):
        if (value := options.get(name, fine[0])) not in fine:
            raise Ended(Status.FAILED, f"{FILE} says {name}={value[:40]}, by which nothing is fetched here")
    if len(words) == 1:
        page, _, pattern = words[0].rpartition("/")
        words = [f"{page}/", pattern]
    if not re.match(r"https?://", words[0]) or "(" in words[0]:
        raise Ended(Status.FAILED, f"{FILE}: {words[0][:200]!a} is no address of a page: https://HOST/PATH")
    pattern = re.sub("|".join(_WORDS), lambda word: _WORDS[word[0]], words[1])
    return Entry(text, words[0], pattern, options)


def link(step: Step, entry: Entry, wanted: Wanted, page: str, room: Path) -> Link:
    """The link in ``page`` to the version that is ``wanted``. Raises ``Ended`` (failed)."""
    file = room / ".page.json"
    options = dict(entry.options)
    asked = {"address": entry.page, "page": page, "pattern": entry.pattern, "version": wanted.version}
    file.write_text(json.dumps({**asked, "options": options}))
    # It imports nothing of ours.
    command: list[str | Path] = [sys.executable, "-I", watch_links.__file__, file]
    try:
        status, output = step.programs.output(command, seconds=_SECONDS, late=Status.FAILED)
    finally:
        file.unlink()
    if status != 0:
        raise Ended(Status.FAILED, f"{FILE}: its patterns cannot be read: see above")
    answer = json.loads(output)
    if answer["repacked"]:
        raise Ended(
            Status.FAILED,
            f"the version {wanted.version} is not upstream's {answer['repacked']}: a tarball that was repacked is not "
            "fetched; keep it with pristine-tar",
        )
    if answer["url"] is None:
        seen = ", ".join(answer["versions"]) or "no tarball at all"
        raise Ended(
            Status.FAILED, f"{FILE} does not lead to the version {wanted.version}: {entry.page} has {seen[:300]}"
        )
    signature = answer["signature"]
    return Link(answer["url"], (signature,) if signature else tuple(answer["url"] + end for end in _ENDS))


def _key(tree: Tree) -> str | None:
    return next((path for path in _KEYS if tree.text(path) is not None), None)


def _entries(text: str) -> Iterator[tuple[list[str], dict[str, str]]]:
    """The words and options of each entry, of version 3 or 4, or of version 5, which is written in fields."""
    if re.search(r"^Version:\s*5\s*$", text, re.MULTILINE):
        yield from _fields(text)
        return
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^[ \t]*#.*\n?", "", text, flags=re.MULTILINE))
    for line in (line.strip() for line in joined.splitlines()):
        if not line or re.fullmatch(r"version\s*=\s*\d+", line):
            continue
        options: dict[str, str] = {}
        if given := _OPTIONS.match(line):
            line = line[given.end() :]
            for option in (given[1] or given[2] or "").split(","):
                name, _, value = option.strip().partition("=")
                options[name.strip().lower()] = value.strip()
        yield line.split()[:2], options


def _fields(text: str) -> Iterator[tuple[list[str], dict[str, str]]]:
    for paragraph in re.split(r"\n\s*\n", text):
        fields = re.findall(r"^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t].*)*)$", paragraph, re.MULTILINE)
        options = {name.lower().replace("-", ""): " ".join(value.split()) for name, value in fields}
        words = [options.pop(name) for name in ("source", "matchingpattern") if name in options]
        if "template" in options:
            raise Ended(Status.FAILED, f"{FILE} says Template: {options['template'][:40]}: give it a Source: instead")
        if words:
            yield words, options
