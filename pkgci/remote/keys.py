"""With which key we log in: the one the site file names, or what the SSH agent and ~/.ssh hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import paramiko  # type: ignore[import-untyped]

from pkgci.folders import home
from pkgci.model.site import Host
from pkgci.remote.errors import AuthenticationError

_DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")


@dataclass(frozen=True)
class Login:
    """What is tried: ``arguments`` for paramiko's connect, and ``tried`` to tell the user."""

    arguments: dict[str, Any]
    tried: tuple[str, ...]


def login(host: Host) -> Login:
    """How to log in to ``host``. Raises ``AuthenticationError`` where there is no usable key."""
    if host.ssh.key is not None:
        key = _declared(host, host.ssh.key)
        return Login({"pkey": key, "allow_agent": False, "look_for_keys": False}, (str(host.ssh.key),))
    agent = [f"{key.comment or key.fingerprint} (agent)" for key in _agent_keys()]
    files = [str(path) for path in _default_keys() if path.is_file()]
    if not agent and not files:
        raise AuthenticationError(
            host.name,
            f"no SSH key to log in with as {host.ssh.user}: the agent has none, and ~/.ssh has none",
            "name one in the site file: `ssh: {key: PATH}`, or `ssh-add PATH`",
        )
    return Login({"allow_agent": True, "look_for_keys": True}, (*agent, *files))


def _default_keys() -> tuple[Path, ...]:
    place = home()
    return () if place is None else tuple(place / ".ssh" / name for name in _DEFAULT_KEYS)


def _declared(host: Host, path: Path) -> Any:
    """The key that the site file names; where it is locked with a passphrase, the agent's copy of it."""
    try:
        stamp = path.stat()
        return _load(path, stamp.st_mtime_ns, stamp.st_size)
    except FileNotFoundError:
        reason, hint = "is missing", "correct `ssh: {key: …}` in the site file"
        if ".lab" in path.parts:
            hint = "`pkgci lab up` makes it"
    except OSError as error:
        reason, hint = f"cannot be read: {error.strerror}", f"`ls -l {path}`"
    except (TypeError, paramiko.PasswordRequiredException):
        # The cryptography library reports a missing passphrase as a TypeError.
        held = _held_by_agent(path)
        if held is not None:
            return held
        reason, hint = "is locked with a passphrase, and the agent does not hold it", f"`ssh-add {path}`"
    except (ValueError, paramiko.SSHException, paramiko.pkey.UnknownKeyType):
        reason, hint = "is no SSH private key", "correct `ssh: {key: …}` in the site file"
    raise AuthenticationError(host.name, f"cannot log in as {host.ssh.user}: the key {path} {reason}", hint)


@lru_cache(maxsize=64)
def _load(path: Path, modified: int, size: int) -> Any:
    """The private key in ``path``; twenty hosts with one key read it once."""
    return paramiko.PKey.from_path(path)


def _held_by_agent(path: Path) -> Any:
    """The agent's key whose public half stands beside ``path``, or None."""
    try:
        text = path.with_name(f"{path.name}.pub").read_text(encoding="utf-8").split()[1]
    except (OSError, IndexError):
        return None
    return next((key for key in _agent_keys() if key.get_base64() == text), None)


def _agent_keys() -> tuple[Any, ...]:
    try:
        return tuple(paramiko.Agent().get_keys())
    except (OSError, paramiko.SSHException):
        return ()
