"""What pkgci wrote down beside a site file, of the hosts and of the lab: rendering is told it, and looks up nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pkgci.model.lab import LAB_KEY

if TYPE_CHECKING:
    from pkgci.model.site import Site


@dataclass(frozen=True)
class Records:
    """``known_hosts`` is the text of the file. The rest is what `pkgci lab up` writes down of what it makes and brings.

    ``lab_key``: the public key that opens the lab's hosts; ``fingerprint``: of the key that signs the lab's packages of
    Jenkins; ``wars``: server → checksum of the WAR; ``plugins``: plugin of Jenkins → version.
    """

    known_hosts: str = ""
    lab_key: str | None = None
    fingerprint: str | None = None
    wars: Mapping[str, str] = field(default_factory=dict)
    plugins: Mapping[str, str] = field(default_factory=dict)


NONE = Records()


def read_records(site: Site) -> Records:
    """What is written down in the folder of ``site``."""
    lab = site.directory / ".lab"
    return Records(
        known_hosts=_text(site.directory / "known_hosts") or "",
        lab_key=_word(site.directory / f"{LAB_KEY}.pub"),
        fingerprint=_word(lab / "jenkins.fingerprint"),
        wars=_table(lab / "wars.json"),
        plugins=_table(lab / "plugins.json"),
    )


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None


def _word(file: Path) -> str | None:
    text = _text(file)
    return None if text is None else text.strip()


def _table(file: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(_text(file) or "{}")
    return found
