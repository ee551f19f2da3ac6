"""The branches and tags beside the packaging's own branch that a tarball is made of: which ones, and how they come.

Used twice: for the fetch from Zuul's merger, and for the build from what was fetched. Both times only what is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .gbp_conf import PRISTINE_TAR, Layout

# Runs git with these words: its exit status and its output.
Git = Callable[[Sequence[str]], "tuple[int, bytes]"]


@dataclass(frozen=True)
class Ref:
    """A branch or a tag: ``name`` as it is kept (refs/heads/…), ``remote`` as the other side has it, at ``commit``.

    ``whole``: with its history, in which a tree is looked for.
    """

    name: str
    remote: str
    commit: str
    whole: bool = False


@dataclass(frozen=True)
class Refs:
    """What there is for one version of upstream's: ``pristine_tar``, and ``upstream``, its tag or branch."""

    pristine_tar: Ref | None = None
    upstream: Ref | None = None

    def __iter__(self) -> Iterator[Ref]:
        return iter(ref for ref in (self.pristine_tar, self.upstream) if ref)


def bring(git: Git, url: str, layout: Layout, version: str, merged: str = "") -> Refs | None:
    """Fetches what ``layout`` needs for upstream's ``version``; None where git fails.

    ``merged`` is the reference of what Zuul merged, where it did: other branches that it merged with it go before what
    the review has.
    """
    names = _candidates(layout, version, merged.rpartition("/")[2] if merged.startswith("refs/zuul/") else "")
    patterns = [remote for remotes in names.values() for remote in remotes]
    status, listing = git(["ls-remote", "--", url, *patterns, *(f"{pattern}^{{}}" for pattern in patterns)])
    if status != 0:
        return None
    refs = choose(_parsed(listing), layout, names)
    for whole in (False, True):
        words = [f"+{ref.remote}:{ref.name}" for ref in refs if ref.whole is whole]
        depth = [] if whole else ["--depth=1"]
        if words and git(["fetch", "--quiet", "--no-tags", *depth, "--", url, *words])[0] != 0:
            return None
    return refs


def choose(there: Mapping[str, str], layout: Layout, names: Mapping[str, Sequence[str]]) -> Refs:
    """What is taken of ``there`` (reference → commit). ``names``: what it is kept as → what it may be called there."""
    found = {}
    for name, remotes in names.items():
        for remote in remotes:
            if remote in there and name not in found:
                found[name] = Ref(name, remote, there.get(f"{remote}^{{}}", there[remote]))
    pristine_tar = found.pop(f"refs/heads/{PRISTINE_TAR}", None)
    upstream = next(iter(found.values()), None)
    if pristine_tar and upstream and upstream.name.startswith("refs/heads/"):
        # pristine-tar names a tree of that branch, which need not be its last one.
        upstream = replace(upstream, whole=True)
    return Refs(pristine_tar, upstream)


def _candidates(layout: Layout, version: str, run: str) -> dict[str, list[str]]:
    """What each reference is kept as, best first → where it may be on the other side."""

    def branch(name: str) -> tuple[str, list[str]]:
        own = [f"refs/zuul/{name}/{run}"] if run else []
        return f"refs/heads/{name}", [*own, f"refs/heads/{name}", f"refs/remotes/origin/{name}"]

    def tag(name: str) -> tuple[str, list[str]]:
        return f"refs/tags/{name}", [f"refs/tags/{name}"]

    names = dict([branch(PRISTINE_TAR)]) if layout.pristine_tar is not False else {}
    if layout.upstream_tree == "tag":
        names |= dict([tag(layout.tag(version))])
        # Without the tag, a tree that pristine-tar names is looked for in the branch.
        more = layout.upstream_branches if names.keys() & {f"refs/heads/{PRISTINE_TAR}"} else ()
    elif layout.upstream_tree == "branch":
        more = layout.upstream_branches
    else:
        names |= dict([tag(layout.upstream_tree)])
        more = (layout.upstream_tree,)
    return names | dict(branch(name) for name in more)


def _parsed(listing: bytes) -> dict[str, str]:
    lines = (line.split("\t", 1) for line in listing.decode(errors="replace").splitlines())
    return {words[1]: words[0] for words in lines if len(words) == 2}
