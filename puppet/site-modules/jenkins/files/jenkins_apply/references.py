"""``${…}`` in a configuration's texts: Jenkins takes what it cannot resolve for an empty text, and starts with it."""

from __future__ import annotations

import os
import pwd
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .documents import Fault
from .files import USER

# Innermost first: a variable may be in another one's name, as in ${readFile:${FOLDER}/key}.
_REFERENCE = re.compile(r"(?<!\^)\$\{([^${}]*)\}")
_LITERAL = re.compile(r"\^\$\{[^{}]*\}")
_FILES = ("readFile", "file", "readFileBase64", "fileBase64")
# What only Jenkins can tell.
_OTHERS = ("base64", "decodeBase64", "json", "jsonFile", "sysProp", "trim")
# Set by systemd for every service that has a user.
_ALWAYS = ("HOME", "LANG", "LOGNAME", "PATH", "SHELL", "USER")
# Plugins that bring variables from elsewhere: with one of them nobody but Jenkins knows what is set.
SECRET_SOURCES = frozenset(
    {
        "aws-secrets-manager-secret-source",
        "azure-keyvault",
        "conjur-credentials",
        "hashicorp-vault-plugin",
    }
)


@dataclass(frozen=True)
class Sources:
    """Where variables come from: the unit's environment, and a folder of files. ``open``: perhaps elsewhere, too."""

    environment: Mapping[str, str] = field(default_factory=dict)
    open: bool = False

    @property
    def folder(self) -> Path:
        return Path(self.environment.get("SECRETS") or "/run/secrets")

    def knows(self, name: str) -> bool:
        if self.open or name in self.environment or name in _ALWAYS:
            return True
        return "/" not in name and file_fault(self.folder / name) is None


def faults_in(value: Any, sources: Sources, place: str) -> Iterator[Fault]:
    """What in ``value`` Jenkins could not resolve."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from faults_in(part, sources, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from faults_in(part, sources, f"{place}[{index}]")
    elif isinstance(value, str) and "${" in value:
        for message in _unresolved(value, sources):
            yield Fault(place, message)


def is_reference(value: Any) -> bool:
    """Whether what ``value`` is, only Jenkins knows in full."""
    return isinstance(value, str) and _REFERENCE.search(_LITERAL.sub("", value)) is not None


def file_fault(file: Path) -> str | None:
    """Why Jenkins could not read something in ``file``, or None."""
    try:
        status = file.stat()
    except OSError as error:
        return error.strerror or str(error)
    if not stat.S_ISREG(status.st_mode):
        return "it is no file"
    if not status.st_size or not file.read_bytes().strip():
        return "it is empty"
    return None if _may_read(status) else f"the user '{USER}' may not read it"


def _may_read(status: os.stat_result) -> bool:
    try:
        account = pwd.getpwnam(USER)
    except KeyError:
        return True
    if status.st_uid == account.pw_uid:
        return bool(status.st_mode & stat.S_IRUSR)
    groups = os.getgrouplist(USER, account.pw_gid)
    return bool(status.st_mode & (stat.S_IRGRP if status.st_gid in groups else stat.S_IROTH))


def _unresolved(text: str, sources: Sources) -> Iterator[str]:
    text = _LITERAL.sub("", text)
    while match := _REFERENCE.search(text):
        expression = match[1]
        text = f"{text[: match.start()]}{_inserted(expression, sources)}{text[match.end() :]}"
        kind, colon, rest = expression.partition(":")
        name, default, _ = expression.partition(":-")
        if colon and kind in _FILES:
            reason = file_fault(Path(rest))
            if reason is not None:
                yield f"${{{expression}}} cannot be read: {reason}"
        elif not (colon and kind in _OTHERS) and not default and not sources.knows(name):
            yield f"${{{expression}}} is not set, neither in Jenkins' environment nor as a file in {sources.folder}"
    if "${" in text:
        yield "'${' without an end; '^${' stands for the letters themselves"


def _inserted(expression: str, sources: Sources) -> str:
    """What an inner reference stands for in an outer one's name: a file's path is made of variables only."""
    name, _, default = expression.partition(":-")
    return sources.environment.get(name, default)
