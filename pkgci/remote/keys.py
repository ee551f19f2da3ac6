"""With which keys we log in: the one the site file names, or what the SSH agent and ~/.ssh hold."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import paramiko  # type: ignore[import-untyped]
from paramiko.agent import AgentSSH, get_agent_connection  # type: ignore[import-untyped]

from pkgci.folders import home
from pkgci.model.site import Host
from pkgci.remote.errors import AuthenticationError

_DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
# Seconds. An agent lists its keys at once; to sign with one, it may ask its user.
_LISTING, _SIGNING = 5.0, 60.0


@dataclass(frozen=True)
class Candidate:
    """A key to offer, and what the user calls it."""

    key: Any
    name: str


@dataclass(frozen=True)
class Keys:
    """What is offered, in this order; ``locked`` are key files that need a passphrase which nobody can be asked for."""

    offered: tuple[Candidate, ...]
    locked: tuple[Path, ...] = ()


def keys_for(host: Host) -> Keys:
    """The keys to log in to ``host`` with. Raises ``AuthenticationError`` where there is no usable one."""
    if host.ssh.key is not None:
        return Keys((Candidate(_declared(host, host.ssh.key), str(host.ssh.key)),))
    try:
        held, silent = _agent_keys(), False
    except TimeoutError:
        held, silent = (), True
    agent = [Candidate(key, f"{key.comment or key.fingerprint} (agent)") for key in held]
    files, locked = _default_files({candidate.key.get_base64() for candidate in agent})
    defaults = {text for path in _default_paths() if (text := _public_half(path)) is not None}
    # As ssh does: the agent's copy of a default key is likelier than any other of its keys.
    agent.sort(key=lambda candidate: candidate.key.get_base64() not in defaults)
    if agent or files:
        return Keys((*agent, *files), locked)
    reason = f"no SSH key to log in with as {host.ssh.user}: "
    if silent:
        words = f"the agent at {os.environ.get('SSH_AUTH_SOCK')} does not answer"
        raise AuthenticationError(host.name, reason + words, "restart it, or name a key: `ssh: {key: PATH}`")
    if locked:
        raise AuthenticationError(host.name, reason + locked_words(locked), unlock_hint(locked))
    raise AuthenticationError(
        host.name,
        f"{reason}the agent has none, and ~/.ssh has none",
        "name one in the site file: `ssh: {key: PATH}`, or `ssh-add PATH`",
    )


def locked_words(paths: tuple[Path, ...]) -> str:
    """That ``paths`` are of no use as they are."""
    names = ", ".join(map(str, paths))
    key = f"the keys {names} are" if len(paths) > 1 else f"the key {names} is"
    return f"{key} locked with a passphrase, and the agent does not hold {'them' if len(paths) > 1 else 'it'}"


def unlock_hint(paths: tuple[Path, ...]) -> str:
    """What to type."""
    add = shlex.join(["ssh-add", *map(str, paths)])
    return f"`{add}`" if os.environ.get("SSH_AUTH_SOCK") else f'`eval "$(ssh-agent)" && {add}`'


def _declared(host: Host, path: Path) -> Any:
    """The key that the site file names; where it is locked with a passphrase, the agent's copy of it."""
    try:
        return _loaded(path)
    except FileNotFoundError:
        reason, hint = "is missing", "correct `ssh: {key: …}` in the site file"
        if ".lab" in path.parts:
            hint = "`pkgci lab up` makes it"
    except OSError as error:
        reason, hint = f"cannot be read: {error.strerror}", f"`ls -l {path}`"
    except _LOCKED:
        held = _held_by_agent(path)
        if held is not None:
            return held
        reason, hint = "is locked with a passphrase, and the agent does not hold it", unlock_hint((path,))
    except _NO_KEY:
        reason, hint = "is no SSH private key", "correct `ssh: {key: …}` in the site file"
    raise AuthenticationError(host.name, f"cannot log in as {host.ssh.user}: the key {path} {reason}", hint)


def _default_paths() -> Iterator[Path]:
    place = home()
    if place is not None:
        # Unlike Path.is_file, this raises nothing: the home may be another user's (`sudo -E`).
        yield from (path for name in _DEFAULT_KEYS if os.path.isfile(path := place / ".ssh" / name))  # noqa: PTH113


def _default_files(held: set[str]) -> tuple[list[Candidate], tuple[Path, ...]]:
    """The default keys that the agent does not hold, and those of them that are locked. What is no key is left out."""
    files: list[Candidate] = []
    locked: list[Path] = []
    for path in _default_paths():
        if _public_half(path) in held:
            continue
        try:
            key = _loaded(path)
        except _LOCKED:
            locked.append(path)
        except (OSError, *_NO_KEY):
            continue
        else:
            files += _with_certificate(key, path)
    return files, tuple(locked)


def _with_certificate(key: Any, path: Path) -> list[Candidate]:
    """``key`` with the certificate that stands beside it, where one does, and without."""
    plain = copy(key)
    plain.public_blob = None
    own = [Candidate(key, f"{path}-cert.pub")] if key.public_blob is not None else []
    return [*own, Candidate(plain, str(path))]


# The cryptography library reports a missing passphrase as a TypeError.
_LOCKED = (TypeError, paramiko.PasswordRequiredException)
_NO_KEY = (ValueError, paramiko.SSHException, paramiko.pkey.UnknownKeyType)


def _loaded(path: Path) -> Any:
    stamp = path.stat()
    return _load(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=64)
def _load(path: Path, modified: int, size: int) -> Any:
    """The private key in ``path``; twenty hosts with one key read it once."""
    return paramiko.PKey.from_path(path)


def _held_by_agent(path: Path) -> Any:
    """The agent's key whose public half stands beside ``path``, or None."""
    text = _public_half(path)
    try:
        return next((key for key in _agent_keys() if key.get_base64() == text), None)
    except TimeoutError:
        return None


def _public_half(path: Path) -> str | None:
    try:
        return path.with_name(f"{path.name}.pub").read_text(encoding="utf-8", errors="replace").split()[1]
    except (OSError, IndexError):
        return None


class _Agent(AgentSSH):  # type: ignore[misc] # paramiko has no types
    """The user's agent. paramiko's own waits for ever for one that accepts and does not answer."""

    def __init__(self) -> None:
        super().__init__()
        connection = get_agent_connection()
        if connection is not None:
            connection.settimeout(_LISTING)
            self._connect(connection)
            connection.settimeout(_SIGNING)


def _agent_keys() -> tuple[Any, ...]:
    """Raises ``TimeoutError`` where there is an agent that does not answer."""
    try:
        return tuple(_Agent().get_keys())
    except TimeoutError:
        raise
    except (OSError, paramiko.SSHException):
        return ()
