"""What the review keeps: changes, their patch sets, votes and messages. Times are seconds since 1970, UTC."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

# How Gerrit lists the commit message among the files of a patch set.
COMMIT_MESSAGE = "/COMMIT_MSG"


class RefusedError(Exception):
    """What somebody asked for cannot be done; the text tells him why."""


class UnfitError(RefusedError):
    """Gerrit would do it; the stand-in cannot, and says so."""

    def __init__(self, what: str) -> None:
        super().__init__(f"pkgci's stand-in for Gerrit cannot do this: {what}")


class Status(StrEnum):
    """The states of a change, in Gerrit's words."""

    NEW = "NEW"
    MERGED = "MERGED"
    ABANDONED = "ABANDONED"


class Kind(StrEnum):
    """What a patch set is to the one before it, in Gerrit's words."""

    REWORK = "REWORK"
    NO_CHANGE = "NO_CHANGE"
    NO_CODE_CHANGE = "NO_CODE_CHANGE"
    TRIVIAL_REBASE = "TRIVIAL_REBASE"
    TRIVIAL_REBASE_WITH_MESSAGE_UPDATE = "TRIVIAL_REBASE_WITH_MESSAGE_UPDATE"


@dataclass(frozen=True)
class Account:
    """Somebody who pushes and votes."""

    username: str
    name: str
    email: str


@dataclass(frozen=True)
class Approval:
    """One account's vote on one label of a patch set."""

    label: str
    value: int
    by: Account
    granted: int


@dataclass(frozen=True)
class Message:
    """What an account wrote about a change, or the review on its behalf."""

    author: Account
    written: int
    text: str


@dataclass(frozen=True)
class File:
    """A file that a patch set touches. ``kind`` is Gerrit's word (ADDED, MODIFIED, DELETED, RENAMED)."""

    path: str
    kind: str
    inserted: int
    deleted: int


@dataclass(frozen=True)
class PatchSet:
    """One version of a change: the commit ``revision``. Patch sets that were open on one another share a group."""

    number: int
    revision: str
    parents: tuple[str, ...]
    uploader: Account
    author: Account
    created: int
    subject: str
    message: str
    files: tuple[File, ...]
    approvals: tuple[Approval, ...] = ()
    kind: Kind = Kind.REWORK
    group: str = ""


@dataclass(frozen=True)
class Change:
    """One change. ``merged_as`` is the commit that the branch was moved to when it was submitted.

    ``wip`` is work in progress; a ``private`` one is seen by its owner and by those who wrote about it only.
    """

    number: int
    id: str
    project: str
    branch: str
    owner: Account
    created: int
    updated: int
    patch_sets: tuple[PatchSet, ...]
    topic: str = ""
    status: Status = Status.NEW
    messages: tuple[Message, ...] = field(default=())
    merged_as: str | None = None
    wip: bool = False
    private: bool = False

    @property
    def current(self) -> PatchSet:
        """The newest patch set."""
        return self.patch_sets[-1]

    @property
    def open(self) -> bool:
        return self.status is Status.NEW

    def patch_set(self, number: int) -> PatchSet:
        """The patch set ``number``. Raises ``RefusedError`` where there is none."""
        for patch_set in self.patch_sets:
            if patch_set.number == number:
                return patch_set
        raise RefusedError(f"change {self.number} has no patch set {number}")

    def visible_to(self, username: str) -> bool:
        """Whether the account may see it: anybody, or, where it is private, its owner and who wrote about it."""
        return not self.private or username == self.owner.username or self._wrote(username)

    def _wrote(self, username: str) -> bool:
        return any(message.author.username == username for message in self.messages)

    def with_patch_set(self, patch_set: PatchSet) -> Change:
        """The change with ``patch_set`` in place of the one with its number, or added."""
        others = tuple(item for item in self.patch_sets if item.number != patch_set.number)
        return replace(self, patch_sets=tuple(sorted((*others, patch_set), key=lambda item: item.number)))


def ref_of(change: int, patch_set: int) -> str:
    """The ref below which a patch set is fetched."""
    return f"refs/changes/{change % 100:02}/{change}/{patch_set}"


def meta_ref_of(change: int) -> str:
    """The ref below which Gerrit keeps what it knows of a change."""
    return f"refs/changes/{change % 100:02}/{change}/meta"
