"""debian/gbp.conf of a tree, read as data: which branches and tags there are. Nothing that it names is run."""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass

from ...status import Ended, Status

FILE = "debian/gbp.conf"
PRISTINE_TAR = "pristine-tar"
# gbp's sections that the making of a tarball is in, each over the one before it (gbp.conf(5)).
_SECTIONS = ("DEFAULT", "git-buildpackage", "buildpackage", "export-orig")
# What is read. Whatever else stands there is named as ignored.
_READ = {
    "upstream-branch",
    "upstream-tag",
    "upstream-tree",
    "debian-branch",
    "pristine-tar",
    "pristine-tar-commit",
    "component",
    "components",
    "compression",
}
# DEP-14's, and git-buildpackage's own.
_UPSTREAM_BRANCHES = ("upstream/latest", "upstream")
_COMPRESSIONS = {"gzip": "gz", "gz": "gz", "xz": "xz", "auto": "", "": ""}
_LONGEST = 64 * 1024
# Where DEP-14 puts a '#', since git takes neither two dots in a row nor one at the end, nor '.lock' there.
_BETWEEN = re.compile(r"(?<=\.)(?:(?=\.)|(?=lock$)|$)")
_SUBSTITUTED = re.compile(r"%\((h?)version(?:%(.)%(.))?\)s")
# What git takes as the name of a branch or a tag (git-check-ref-format(1)), and is harmless as a word of a command.
_REF = re.compile(r"(?!.*(?:\.\.|//|/\.|@\{|\.lock(?:/|$)))[A-Za-z0-9_][A-Za-z0-9_./+%#=@,-]*(?<![/.])")
_COMPONENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


@dataclass(frozen=True)
class Layout:
    """The layout of a repository. ``pristine_tar`` is None where nothing is said of it.

    ``compression`` is that of a tarball which has to be made, '' for whatever is usual. ``ignored`` are options that
    were not looked at.
    """

    upstream_branches: tuple[str, ...] = _UPSTREAM_BRANCHES
    upstream_tag: str = "upstream/%(version)s"
    upstream_tree: str = "tag"
    pristine_tar: bool | None = None
    components: tuple[str, ...] = ()
    compression: str = ""
    ignored: tuple[str, ...] = ()

    def tag(self, version: str) -> str:
        """The tag of upstream's ``version``. Raises ``Ended`` (failed) where that can be none."""
        return _ref(
            "upstream-tag", _SUBSTITUTED.sub(lambda found: _in_tag(version, *found.groups()), self.upstream_tag)
        )


def read(text: str | None) -> Layout:
    """The layout that ``text`` (None: there is no file) describes. Raises ``Ended`` (failed)."""
    said = _options(text or "")
    layout = {name: said[name] for name in _READ if name in said}
    tree = layout.get("upstream-tree", "tag").lower()
    if tree not in ("tag", "branch", "sloppy"):
        tree = _ref("upstream-tree", layout["upstream-tree"])
    branch = layout.get("upstream-branch")
    return Layout(
        upstream_branches=(_ref("upstream-branch", branch),) if branch else _UPSTREAM_BRANCHES,
        upstream_tag=layout.get("upstream-tag", "upstream/%(version)s"),
        upstream_tree=tree,
        pristine_tar=_boolean(layout.get("pristine-tar")),
        components=_components(layout.get("component", "") or layout.get("components", "")),
        compression=_compression(layout.get("compression", "")),
        ignored=tuple(sorted(set(said) - _READ)),
    )


def _options(text: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        if len(text) > _LONGEST:
            raise ValueError(f"it has more than {_LONGEST} characters")
        parser.read_string(text)
    except (configparser.Error, ValueError) as error:
        raise Ended(Status.FAILED, f"{FILE} cannot be read: {' '.join(str(error).split())[:200]}") from None
    found = dict(parser.defaults())
    for section in _SECTIONS[1:]:
        if parser.has_section(section):
            found.update(parser.items(section))
    return {name: value or "" for name, value in found.items()}


def _in_tag(version: str, hyphens: str, old: str | None, new: str | None) -> str:
    """The version as git-buildpackage writes it in tags: DEP-14's rules, after a replacement of one's own."""
    if hyphens:
        version = version.replace(".", "-")
    if old and new:
        version = version.replace(old, new)
    plain = version.replace("~", "_").replace(":", "%")
    return _BETWEEN.sub("#", plain)


def _ref(option: str, name: str) -> str:
    if not _REF.fullmatch(name) or len(name) > 200:
        raise Ended(Status.FAILED, f"{FILE}: {option} is not acceptable as the name of a branch or tag: {name[:100]!a}")
    return name


def _boolean(word: str | None) -> bool | None:
    if word is None:
        return None
    if word.lower() not in ("true", "false", "1", "0", "yes", "no", "on", "off"):
        raise Ended(Status.FAILED, f"{FILE}: pristine-tar is True or False, not {word[:100]!a}")
    return word.lower() in ("true", "1", "yes", "on")


def _components(text: str) -> tuple[str, ...]:
    """A list as gbp writes it: ['one', 'two'], or one name."""
    names = [name.strip(" \t\n'\"") for name in text.strip(" \t\n[]").split(",")]
    wrong = [name for name in names if name and not _COMPONENT.fullmatch(name)]
    if wrong:
        raise Ended(Status.FAILED, f"{FILE}: no component of a source package can be called {wrong[0][:100]!a}")
    return tuple(name for name in names if name)


def _compression(word: str) -> str:
    return _COMPRESSIONS.get(word.lower(), "")
