"""dist-git's way: a spec file, and beside it the file ``sources`` with the checksums of what the spec names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import quote

from ...fetch.request import STRONG, SUMS, Blob
from ...status import Ended, Status
from ..git import Tree
from .upstream import Wanted

_URL = re.compile(r"https?://")
_LOOKASIDE = re.compile(r"\{(name|file|algorithm|hash)\}")
# "SHA512 (greet-1.0.tar.gz) = 0123…", and as it was before: "0123…  greet-1.0.tar.gz", of which the length tells.
_TAGGED = re.compile(r"([A-Za-z0-9]+) ?\(([^()\s/]+)\) ?= ?([0-9A-Fa-f]+)")
_PLAIN = re.compile(r"([0-9A-Fa-f]+) +\*?([^\s/]+)")
_BY_LENGTH = {length: name for name, length in SUMS.items()}
_SIGNATURE = re.compile(r"\.(?:asc|sig|sign|gpg)$")
_KEY = re.compile(r"\.(?:asc|gpg|pgp|key|pub|txt|keyring)$")
# OpenPGP's fingerprints (version 4, and 6), in the address of a key: the whole of it, and nothing shorter.
_FINGERPRINT = re.compile(r"(?<![0-9A-Fa-f])(?:0x)?([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})(?![0-9A-Fa-f])")
_BEGIN = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"
_KEY_LIMIT = 1_000_000  # bytes


def found(tree: Tree, wanted: Wanted) -> bool:
    """Whether what the tree lacks is pinned in ``sources``, or is more than a tarball that could be packed of it."""
    try:
        sums = _sums(tree, wanted)
    except Ended:  # a file of upstream's that is called so
        sums = {}
    return any(
        name in sums or (name != wanted.tarball and _URL.match(address)) for name, address in wanted.missing.items()
    )


def blobs(tree: Tree, wanted: Wanted, lookaside: str | None, pinned: Mapping[str, Blob]) -> tuple[Blob, ...]:
    """What is to be fetched: every file that the spec names and the tree lacks, and the keys that the tree has.

    ``pinned`` is what the site says. Raises ``Ended`` (failed) for what nothing pins, or has no address.
    """
    sums = _sums(tree, wanted)
    signed = _signatures(wanted)
    found = [blob for blob in _keys(tree, wanted) if signed]
    for name, address in wanted.missing.items():
        found.append(pinned.get(name) or _blob(wanted, name, address, sums.get(name, {}), lookaside, signed))
    trusts = any(blob.is_key for blob in found)
    for blob in found:
        _check(blob, wanted, signed, trusts=trusts)
    return tuple(found)


def parse(text: str) -> dict[str, dict[str, str]]:
    """File → algorithm → checksum, of the text of ``sources``. Raises ``Ended`` (failed) for a line that is none."""
    sums: dict[str, dict[str, str]] = {}
    for line in (line.strip() for line in text.splitlines()):
        if not line or line.startswith("#"):
            continue
        if tagged := _TAGGED.fullmatch(line):
            algorithm, name, value = tagged[1].lower().replace("-", ""), tagged[2], tagged[3].lower()
        elif plain := _PLAIN.fullmatch(line):
            algorithm, name, value = _BY_LENGTH.get(len(plain[1]), ""), plain[2], plain[1].lower()
        else:
            algorithm, name, value = "", "", ""
        if SUMS.get(algorithm) != len(value):
            raise Ended(Status.FAILED, f"sources: {line[:200]!a} is not as in 'SHA512 (FILE) = CHECKSUM'")
        sums.setdefault(name, {})[algorithm] = value
    return sums


def _sums(tree: Tree, wanted: Wanted) -> dict[str, dict[str, str]]:
    return parse(tree.text(str(_beside(wanted) / "sources")) or "")


def _beside(wanted: Wanted) -> PurePosixPath:
    return (wanted.spec or PurePosixPath()).parent


def _signatures(wanted: Wanted) -> dict[str, str]:
    """Signature → the file that it signs, of those that are to be fetched."""
    found = {name: _SIGNATURE.sub("", name) for name in wanted.missing if _SIGNATURE.search(name)}
    return {name: signed for name, signed in found.items() if signed in wanted.missing}


def _keys(tree: Tree, wanted: Wanted) -> list[Blob]:
    """The keys beside the spec."""
    keys = []
    for entry in tree.entries:
        path = PurePosixPath(entry.path.decode(errors="replace"))
        if entry.mode[:3] == "100" and path.parent == _beside(wanted) and _KEY.search(path.name):
            with (tree.folder / path).open("rb") as file:
                content = file.read(_KEY_LIMIT)
            if _BEGIN in content or path.suffix in (".gpg", ".pgp", ".keyring"):
                keys.append(Blob(path.name, content=content, is_key=True))
    return keys


def _blob(
    wanted: Wanted,
    name: str,
    address: str,
    sums: Mapping[str, str],
    lookaside: str | None,
    signed: Mapping[str, str],
) -> Blob:
    urls = [_looked_aside(lookaside, wanted, name, sums)] if lookaside and sums else []
    if _URL.match(address):
        urls.append(address.partition("#")[0])
    elif not sums:
        raise Ended(Status.FAILED, f"{wanted.spec} names {name}, which is not beside it in the tree")
    if not urls:
        raise Ended(
            Status.FAILED,
            f"{name} is in {_beside(wanted) / 'sources'}, and {wanted.spec} has no address of it: give it one, as in "
            "'Source0: https://HOST/FILE', or the site file a `sources: {lookaside: …}`",
        )
    if name in signed:
        return Blob(name, tuple(urls), sums, signs=signed[name])
    fingerprint = _FINGERPRINT.search(address)
    is_key = bool(_KEY.search(name) and (fingerprint or signed) and not name.startswith(wanted.tarball))
    return Blob(name, tuple(urls), sums, is_key=is_key, fingerprint=fingerprint[1].upper() if fingerprint else None)


def _looked_aside(pattern: str, wanted: Wanted, name: str, sums: Mapping[str, str]) -> str:
    algorithm = next(one for one in (*STRONG, *SUMS) if one in sums)
    words = {"name": wanted.source, "file": name, "algorithm": algorithm, "hash": sums[algorithm]}
    return _LOOKASIDE.sub(lambda word: quote(words[word[1]], safe=""), pattern)


def _check(blob: Blob, wanted: Wanted, signed: Mapping[str, str], *, trusts: bool) -> None:
    """Raises ``Ended`` (failed) where nothing says what ``blob`` is."""
    if blob.content is not None or blob.is_pinned or (blob.is_key and blob.fingerprint):
        return
    if trusts and (blob.signs is not None or blob.name in signed.values()) and not blob.is_key:
        return
    where = _beside(wanted) / "sources"
    if blob.sums:
        names = " and ".join(name.upper() for name in sorted(blob.sums))
        raise Ended(
            Status.FAILED,
            f"{where} has the {names} of {blob.name} only, which can be forged: add the line that "
            f"`sha512sum --tag {blob.name}` prints",
        )
    raise Ended(
        Status.FAILED,
        f"nothing says what {blob.name} is that {wanted.spec} names: add the line that `sha512sum --tag {blob.name}` "
        f"prints to {where}, or name its signature too, and keep the key in the tree",
    )
