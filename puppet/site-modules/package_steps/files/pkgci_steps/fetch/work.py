"""The work of pkgci-fetch-source: what is in the store is not fetched, and what is not verified is not kept."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ..status import Ended, Status
from .openpgp import Keys
from .request import Answer, Blob, Request
from .store import Store, digests
from .web import Unfetched, Web

# What others need of the disk, in bytes.
_RESERVE = 1_000_000_000
_PAGE_LIMIT = 4_000_000  # bytes
_SMALL = 1_000_000  # bytes: keys and signatures


@dataclass
class Work:
    """Does what a request asks for. ``limit`` is what one file may have, in bytes; ``say`` takes lines for the log."""

    store: Store
    folder: Path
    web: Web
    limit: int
    say: Callable[[str], None]
    _files: dict[str, str] = field(default_factory=dict)

    def do(self, request: Request) -> Answer:
        """Raises ``Ended``: failed for what does not match, or cannot be verified; infrastructure for what cannot be
        fetched."""
        if request.record and (known := self.store.recorded(request.record)) is not None:
            self.say(f"{', '.join(known)}: in the store")
            return Answer(known)
        pages = {url: self._page(url) for url in request.pages}
        keys = [self._key(blob) for blob in request.blobs if blob.is_key]
        for blob in request.blobs:
            if not blob.is_key and blob.signs is None:
                self._take(blob, [other for other in request.blobs if other.signs == blob.name], keys)
        if request.record and self._files:
            self.store.record(request.record, self._files)
        return Answer(self._files, pages)

    def _page(self, url: str) -> str:
        with self.store.new() as file:
            self._fetch(Blob(url, (url,)), file, _PAGE_LIMIT)
            return Path(file.name).read_text(errors="replace")

    def _key(self, blob: Blob) -> bytes:
        """The key in ``blob``, which the tree has, or pins by checksum or by fingerprint."""
        if blob.content is not None:
            return blob.content
        if blob.is_pinned:
            self._pinned(blob)
            return self.store.path(self._files[blob.name]).read_bytes()
        if not blob.fingerprint:
            raise Ended(
                Status.FAILED, f"nothing says which key {blob.name} is: keep it in the tree, or give its checksum"
            )
        with self.store.new() as file:
            self._fetch(blob, file, _SMALL)
            text = Path(file.name).read_bytes()
            with tempfile.TemporaryDirectory() as folder:
                found = Keys([text], Path(folder)).fingerprints
            if found != [blob.fingerprint]:
                raise Ended(
                    Status.FAILED,
                    f"{blob.name} is not the key {blob.fingerprint}: it has {', '.join(found) or 'no key'}",
                )
            self._files[blob.name] = self.store.keep(file)
        return text

    def _take(self, blob: Blob, signatures: list[Blob], keys: list[bytes]) -> None:
        """Puts ``blob`` and its ``signatures`` into the store, verified."""
        if blob.is_pinned:
            self._pinned(blob)
            for signature in signatures:
                self._signed(blob, self.store.path(self._files[blob.name]), signature, keys)
            return
        if not signatures or not keys:
            raise Ended(Status.FAILED, _unverifiable(blob))
        with self.store.new() as file:
            self._fetch(blob, file, self.limit)
            self._match(blob, Path(file.name))
            for signature in signatures:
                self._signed(blob, Path(file.name), signature, keys)
            self._files[blob.name] = self.store.keep(file)

    def _pinned(self, blob: Blob) -> None:
        found = self.store.find(blob.sums)
        if found:
            self.say(f"{blob.name}: in the store")
        else:
            with self.store.new() as file:
                self._fetch(blob, file, self.limit)
                self._match(blob, Path(file.name))
                found = self.store.keep(file)
        self._files[blob.name] = found

    def _match(self, blob: Blob, file: Path) -> None:
        for algorithm, value in digests(file, blob.sums).items():
            if value != blob.sums[algorithm]:
                raise Ended(
                    Status.FAILED,
                    f"{blob.name} is not what was expected: its {algorithm.upper()} is {value}, not "
                    f"{blob.sums[algorithm]}",
                )

    def _signed(self, blob: Blob, file: Path, signature: Blob, keys: list[bytes]) -> None:
        """Keeps ``signature``, which was fetched, where it is one of the ``keys``, or pinned by checksum."""
        if signature.is_pinned:
            self._pinned(signature)
            if not keys:
                return
        elif not keys:
            raise Ended(Status.FAILED, _unverifiable(signature))
        with self.store.new() as own, tempfile.TemporaryDirectory() as folder:
            place = Path(own.name)
            if signature.content is not None:
                place.write_bytes(signature.content)
            elif signature.is_pinned:
                place = self.store.path(self._files[signature.name])
            else:
                self._fetch(signature, own, _SMALL)
            if not Keys(keys, Path(folder)).have_signed(file, place):
                raise Ended(
                    Status.FAILED, f"{signature.name} is no good signature of {blob.name} by a key that is trusted"
                )
            self.say(f"{blob.name}: the signature is good")
            if signature.content is None and not signature.is_pinned:
                self._files[signature.name] = self.store.keep(own)

    def _fetch(self, blob: Blob, file: BinaryIO, limit: int) -> None:
        state = os.statvfs(self.folder)
        if state.f_bavail * state.f_frsize < _RESERVE:
            raise Ended(Status.INFRASTRUCTURE, f"the disk of {self.folder} is nearly full: {blob.name} is not fetched")
        for url in blob.urls:
            self.web.check(url)
        wrong = []
        for url in blob.urls:
            self.say(f"fetching {url}")
            try:
                self.web.fetch(url, file, limit)
                file.flush()
                return
            except Unfetched as unfetched:
                wrong.append(str(unfetched))
                file.seek(0)
                file.truncate()
        why = "; ".join(wrong) or "no address is known"
        raise Ended(Status.INFRASTRUCTURE, f"{blob.name} cannot be fetched: {why}")


def _unverifiable(blob: Blob) -> str:
    if blob.sums:
        names = " and ".join(name.upper() for name in sorted(blob.sums))
        return f"{blob.name} is known by {names} only, which can be forged: give its SHA-512 or SHA-256 checksum"
    return (
        f"nothing says what {blob.name} is: give its checksum, or a signature and, in the tree, the key that makes it; "
        "it is not fetched"
    )
