"""What a new patch set is to the one before it: a rework, another message, or the same on another parent."""

from __future__ import annotations

from pkgci.lab.stand_ins.review.git import Commit, Repository
from pkgci.lab.stand_ins.review.model import Kind, PatchSet, RefusedError


def kind_of(repository: Repository, prior: PatchSet, commit: Commit) -> Kind:
    """The kind of ``commit`` after ``prior``."""
    same_message = prior.message == commit.message
    tree = repository.tree(commit.revision)
    if prior.parents == commit.parents:
        if tree != repository.tree(prior.revision):
            return Kind.REWORK
        return Kind.NO_CHANGE if same_message else Kind.NO_CODE_CHANGE
    if len(prior.parents) != 1 or len(commit.parents) != 1:
        return Kind.REWORK
    try:
        rebased = repository.picked_tree(prior.revision, commit.parents[0])
    except RefusedError:
        return Kind.REWORK
    if rebased != tree:
        return Kind.REWORK
    return Kind.TRIVIAL_REBASE if same_message else Kind.TRIVIAL_REBASE_WITH_MESSAGE_UPDATE
