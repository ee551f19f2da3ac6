"""The file ``secrets.eyaml``: name → encrypted secret, public half, day. Edited as text, so that comments stay."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pkgci.errors import UsageError
from pkgci.secrets.eyaml import is_encrypted

# The C parser reads a thousand hosts' certificates in a blink; it is not part of every build of PyYAML.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
HEADER = """\
# The site's secrets, encrypted in hiera-eyaml's PKCS7 format. `pkgci secrets --help` says how they are made, shown and
# rotated. A secret of your own is a line of what `eyaml encrypt --label my/secret` gives; a template reads it with
# {{ secret('my/secret') | yaml }}.
"""


@dataclass(frozen=True)
class Entry:
    """One secret as it stands in the file. ``made`` is an ISO date, and None for what pkgci did not make."""

    encrypted: str
    public: str | None = None
    made: str | None = None


def parse(text: str, path: Path) -> dict[str, Entry]:
    """The entries of the file ``path`` that holds ``text``. Raises ``UsageError``, which names the wrong entry."""
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise UsageError(f"{place}: is no YAML: {getattr(error, 'problem', None) or 'it cannot be read'}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UsageError(f"{path}: is no mapping of names to secrets")
    return {str(name): _entry(str(name), value, path) for name, value in data.items()}


def _entry(name: str, value: Any, path: Path) -> Entry:
    fields = {"secret": value} if isinstance(value, str) else value
    encrypted = fields.get("secret") if isinstance(fields, dict) else None
    if not isinstance(encrypted, str) or not is_encrypted(encrypted):
        # What stands there may be a secret that somebody forgot to encrypt: it is not repeated.
        hint = f"eyaml encrypt --label {name} --pkcs7-public-key {path.parent / 'keys/public_key.pkcs7.pem'} --password"
        raise UsageError(f"{path}: '{name}' is not encrypted (ENC[PKCS7,…])", hint)
    public, made = fields.get("public"), fields.get("made")
    return Entry(encrypted, None if public is None else str(public), None if made is None else str(made))


def with_entry(text: str, name: str, entry: Entry) -> str:
    """``text`` with ``entry`` in the place of the one called ``name``, or at the end where there is none."""
    text = text or HEADER
    block = _block(name, entry)
    key = re.escape(name)
    found = re.search(
        rf"^(['\"]?){key}\1[ \t]*:[^\n]*(?:\n|\Z)(?:[ \t]+[^\n]*(?:\n|\Z)|\n(?=[ \t]))*", text, re.MULTILINE
    )
    if found:
        return text[: found.start()] + block + text[found.end() :]
    return text + ("" if text.endswith("\n") else "\n") + block


def _block(name: str, entry: Entry) -> str:
    lines = [f"{name}:"]
    if entry.made:
        lines.append(f"  made: {entry.made}")
    if entry.public and "\n" in entry.public:
        lines += ["  public: |", *(f"    {line}" for line in entry.public.splitlines())]
    elif entry.public:
        lines.append(f"  public: {entry.public}")
    return "\n".join([*lines, f"  secret: {entry.encrypted}"]) + "\n"
