"""What the lab takes over from the machine it runs on: package mirrors, certificates that it trusts, pip's index."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CERTIFICATES = Path("/usr/local/share/ca-certificates")
PIP_FILES = (Path("/etc/pip.conf"), Path("~/.pip/pip.conf"), Path("~/.config/pip/pip.conf"))

DEBIAN_NAMES = frozenset({"bullseye", "bookworm", "trixie", "forky", "sid", "stable", "oldstable", "testing"})
UBUNTU_NAMES = frozenset({"jammy", "noble"})

# apt settings without which the mirror may not be reachable, or its answers not accepted, from here.
_APT_SETTING = re.compile(
    r'^(Acquire::(?:https?::Proxy|Check-Valid-Until|Check-Date|Retries|ForceIPv4)) "([^"]*)";$', re.MULTILINE
)


@dataclass(frozen=True)
class Mirrors:
    """Addresses of one distribution's archive and of its security archive, as this machine's own apt uses them."""

    main: str
    security: str | None = None


@dataclass(frozen=True)
class Machine:
    """What every host of the lab takes over. ``apt_settings`` are lines of apt.conf, ``certificates`` name → PEM."""

    debian: Mirrors | None
    ubuntu: Mirrors | None
    apt_settings: tuple[str, ...]
    certificates: Mapping[str, str]
    pip_index: tuple[tuple[str, str], ...]


def this_machine() -> Machine:
    """This machine. What it does not have or does not tell is left out."""
    targets = _output("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)")
    return Machine(
        debian=find_mirrors(targets, DEBIAN_NAMES),
        ubuntu=find_mirrors(targets, UBUNTU_NAMES),
        apt_settings=apt_settings(_output("apt-config", "dump")),
        certificates=_certificates(),
        pip_index=pip_index(_pip_texts(), os.environ),
    )


def find_mirrors(targets: str, names: frozenset[str]) -> Mirrors | None:
    """The mirrors of the distribution with these release names, in lines 'ADDRESS RELEASE' from ``targets``."""
    main: str | None = None
    security: str | None = None
    for line in targets.splitlines():
        address, _, release = line.partition(" ")
        name, _, part = release.strip().replace("/", "-").partition("-")
        # Credentials in an address are the machine's own: they do not belong into an image that anyone can read.
        if name not in names or not _plain_web_address(address):
            continue
        if part == "":
            main = main or address.rstrip("/")
        elif part in ("security", "updates") and "security" in address.lower() + part:
            security = security or address.rstrip("/")
    return Mirrors(main, security) if main else None


def apt_settings(dump: str) -> tuple[str, ...]:
    """The lines of ``apt-config dump`` that a host of the lab needs too (proxy, validity of the archive's files)."""
    return tuple(
        f'{name} "{value}";' for name, value in _APT_SETTING.findall(dump) if "@" not in value and value != "DIRECT"
    )


def pip_index(texts: Iterable[str], environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """pip's index settings from its configuration files and environment: web addresses without credentials only."""
    found: dict[str, str] = {}
    for text in texts:
        parser = ConfigParser(interpolation=None)
        try:
            parser.read_string(text)
        except ConfigError:
            continue
        for key in ("index-url", "extra-index-url"):
            for section in ("global", "install"):
                found[key] = parser.get(section, key, fallback=found.get(key, ""))
    for key, variable in (("index-url", "PIP_INDEX_URL"), ("extra-index-url", "PIP_EXTRA_INDEX_URL")):
        found[key] = environment.get(variable) or found.get(key, "")
    kept = {key: " ".join(filter(_plain_web_address, value.split())) for key, value in found.items()}
    return tuple((key, value) for key, value in sorted(kept.items()) if value)


def _plain_web_address(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def _certificates() -> dict[str, str]:
    if not CERTIFICATES.is_dir():
        return {}
    return {
        file.name: file.read_text(encoding="utf-8") for file in sorted(CERTIFICATES.rglob("*.crt")) if file.is_file()
    }


def _pip_texts() -> list[str]:
    named = os.environ.get("PIP_CONFIG_FILE")
    files = [*PIP_FILES, *([Path(named)] if named else [])]
    texts = []
    for file in files:
        try:
            texts.append(file.expanduser().read_text(encoding="utf-8"))
        # Of a user without a home, `~` is nothing.
        except (OSError, RuntimeError):
            continue
    return texts


def _output(*command: str) -> str:
    """What a command prints, or nothing where the machine does not have it (it need not be a Debian)."""
    try:
        return subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=60, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
