"""A new site's files, from the commented starter or from one of the examples. Pure, but for reading templates."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network
from pathlib import Path

from pkgci.assets import asset
from pkgci.errors import UsageError
from pkgci.model.words import nearest

_STARTER = Path(__file__).parent / "site.yaml"
# What a site gathers in use. `known_hosts` is not here: host keys are shared by those who run the site.
IGNORED = ("/.pkgci/", "/.lab/", "/secrets/keys/private_key.pkcs7.pem")
# Where an example was tried out in a checkout, its keys and secrets stay there.
_NOT_COPIED = frozenset((".pkgci", ".lab", "secrets", "known_hosts", "__pycache__"))
# The network of an example that is a lab: RFC 2544, set aside for test labs.
_LAB_NETWORK = re.compile(r"\b198\.18\.\d+\.")


def starter(name: str, administrator: str, public_key: str | None) -> dict[str, str]:
    """The commented starter for the site called ``name``: path below the site's folder → text.

    ``public_key`` is the administrator's SSH public key line; without one the site names no administrator yet.
    """
    text = _named(_STARTER.read_text(encoding="utf-8"), name)
    entry = f"{administrator}: keys/{administrator}.pub"
    if public_key is None:
        text = text.replace("administrators:   ", "administrators: {}")
        text = text.replace("    alice: keys/alice.pub", f"    # as in {{{entry}}}")
        return {"site.yaml": text}
    return {"site.yaml": text.replace("alice: keys/alice.pub", entry), f"keys/{administrator}.pub": public_key + "\n"}


def examples() -> tuple[str, ...]:
    """The names of the examples that travel with pkgci."""
    return tuple(sorted(path.parent.name for path in asset("examples").glob("*/site.yaml")))


def example(which: str, name: str, networks: Iterable[IPv4Network]) -> dict[str, str]:
    """The files of the example ``which``: path below the site's folder → text.

    One that is a lab is made one of its own, so that it stands beside others: the site gets the name ``name``, and a
    network that does not overlap ``networks``, those of this machine. Raises ``UsageError`` for an unknown example,
    and where no network is left.
    """
    if which not in examples():
        raise UsageError(f"there is no example '{which}'{nearest(which, examples())}", f"examples: {_listed()}")
    files = {name: path.read_text(encoding="utf-8") for name, path in _files(which)}
    if re.search(r"^lab:", files["site.yaml"], re.MULTILINE):
        network = _free_network(name, tuple(networks))
        files["site.yaml"] = _LAB_NETWORK.sub(network, _named(files["site.yaml"], name))
    return files


def executables(which: str) -> frozenset[str]:
    """The files of the example ``which`` that are programs: paths below the site's folder."""
    return frozenset(name for name, path in _files(which) if path.stat().st_mode & 0o100)


def site_name(folder: str) -> str:
    """A site name made of a folder's name."""
    return re.sub(r"[^a-z0-9]+", "-", folder.lower())[:63].strip("-") or "mysite"


def ignore_file(present: str) -> str:
    """A ``.gitignore`` that keeps ``present``, the one that stands, and adds what a site must not publish."""
    missing = [line for line in IGNORED if line not in present.splitlines()]
    start = present if not present or present.endswith("\n") else present + "\n"
    return start + "".join(f"{line}\n" for line in missing)


def networks_in(routes: str) -> tuple[IPv4Network, ...]:
    """The networks in a Linux routing table (the text of ``/proc/net/route``), without the default route."""
    found = []
    for line in routes.splitlines()[1:]:
        fields = line.split()
        # The kernel prints addresses as it holds them: on every machine that Docker supports, the last byte first.
        destination, mask = (int.from_bytes(bytes.fromhex(fields[i]), "little") for i in (1, 7))
        if mask:
            found.append(IPv4Network((destination & mask, mask.bit_count())))
    return tuple(found)


def _files(which: str) -> Iterator[tuple[str, Path]]:
    folder = asset("examples") / which
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and _NOT_COPIED.isdisjoint(relative.parts):
            yield str(relative), path


def _free_network(name: str, used: tuple[IPv4Network, ...]) -> str:
    """The beginning (``198.18.7.``) of a network that is not used, as a rule the same one for the same name."""
    # A lab that is down uses no network yet: different names begin their search at different places. 1 is the
    # example's own.
    start = zlib.crc32(name.encode()) % 254
    for offset in range(254):
        third = 2 + (start + offset) % 254
        network = IPv4Network(f"198.18.{third}.0/24")
        if not any(network.overlaps(other) for other in used):
            return f"198.18.{third}."
    raise UsageError("every network in 198.18.0.0/16 is used on this machine", "pkgci lab down, in a lab not needed")


def _named(text: str, name: str) -> str:
    return re.sub(r"^site: .*$", f"site: {name}", text, count=1, flags=re.MULTILINE)


def _listed() -> str:
    return ", ".join(examples())
