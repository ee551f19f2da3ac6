"""What is asked of pkgci-fetch-source, and what it answers: two JSON documents."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..status import Ended, Status

# Checksums that nobody can forge, best first. MD5 and SHA-1 may stand beside one of them.
STRONG = ("sha512", "sha384", "sha256")
SUMS = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}
SIZE_LIMIT = 8 * 1024 * 1024  # bytes of a document
BLOBS_LIMIT = 100
_IS_FILE = re.compile(r"[0-9a-f]{64} (?!\.{1,2}$)[^/\0]+")


@dataclass(frozen=True)
class Blob:
    """A file that is wanted. It is verified by its ``sums`` (algorithm → hexadecimal digits), or by a signature.

    ``urls`` are where it may be, tried in turn. ``content`` is there instead for what the tree has already, and is
    trusted. ``signs`` is the name of the file that this one is the signature of. A key (``is_key``) that is neither of
    the tree nor has sums has the ``fingerprint``.
    """

    name: str
    urls: tuple[str, ...] = ()
    sums: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    signs: str | None = None
    is_key: bool = False
    fingerprint: str | None = None

    @property
    def is_pinned(self) -> bool:
        """Whether its sums alone say what it is."""
        return bool(set(STRONG) & set(self.sums))


@dataclass(frozen=True)
class Request:
    """Files, or pages to look for links in.

    Files that are known by their signature only are kept under the words ``same_as``: whoever asks with the same
    words, and trusts the same keys, is given the same bytes again.
    """

    blobs: tuple[Blob, ...] = ()
    pages: tuple[str, ...] = ()
    same_as: str = ""

    @property
    def record(self) -> str:
        """What the answer is recorded under; '' where there is no key, for then each file has its checksum."""
        keys = sorted(Request((blob,)).text() for blob in self.blobs if blob.is_key)
        return json.dumps([self.same_as, *keys]) if self.same_as and keys else ""

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), default=lambda content: base64.b64encode(content).decode())


@dataclass(frozen=True)
class Answer:
    """``files`` are in the store: name → SHA-256 checksum. ``pages`` is URL → text. ``reason`` is why not."""

    files: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))


def read_request(text: bytes) -> Request:
    """The request in a document. Raises ``Ended`` (misused) where it is none."""
    try:
        data = json.loads(text)
        blobs = tuple(_blob(item) for item in data["blobs"])
        if len(blobs) > BLOBS_LIMIT or len(data["pages"]) > BLOBS_LIMIT:
            raise ValueError(f"it asks for more than {BLOBS_LIMIT} files")
        return Request(blobs, tuple(map(str, data["pages"])), str(data["same_as"]))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Ended(Status.MISUSED, f"this is no request: {error}") from None


def read_answer(text: bytes) -> Answer:
    """The answer in a document. Raises ``Ended`` (infrastructure) where it is none."""
    try:
        answer = Answer(**json.loads(text))
        # They become the names of files, here and in the store.
        if not all(_IS_FILE.fullmatch(f"{checksum} {name}") for name, checksum in answer.files.items()):
            raise ValueError("that is no file of the store's")
        return answer
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Ended(Status.INFRASTRUCTURE, "pkgci-fetch-source gave no answer: see its words above") from None


def _blob(item: Mapping[str, Any]) -> Blob:
    content = item["content"]
    sums = {str(name): str(value).lower() for name, value in item["sums"].items()}
    for name, value in sums.items():
        if len(value) != SUMS[name] or not set(value) <= set("0123456789abcdef"):
            raise ValueError(f"{value[:140]!a} is no checksum")
    return Blob(
        name=str(item["name"]),
        urls=tuple(map(str, item["urls"])),
        sums=sums,
        content=None if content is None else base64.b64decode(content, validate=True),
        signs=None if item["signs"] is None else str(item["signs"]),
        is_key=bool(item["is_key"]),
        fingerprint=None if item["fingerprint"] is None else str(item["fingerprint"]).upper(),
    )
