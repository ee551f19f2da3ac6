"""Offers keys to a server, one after another, and tells why none of them opened it."""

from __future__ import annotations

from typing import Any

import paramiko  # type: ignore[import-untyped]

from pkgci.model.plural import counted, noun
from pkgci.model.site import Host
from pkgci.remote.errors import AuthenticationError, HostError, UnreachableError
from pkgci.remote.keys import Candidate, Keys, locked_words, unlock_hint

_NAME_ONE = "name one in the site file: `ssh: {key: PATH}`"


class Offer:
    """What paramiko calls an authentication strategy. Stops where the server does, as paramiko's own loops do not."""

    def __init__(self, host: Host, keys: Keys, timeout: float) -> None:
        self._host = host
        self._keys = keys
        self._timeout = timeout
        self._where = f"{host.address} port {host.ssh.port}"

    def authenticate(self, transport: Any) -> None:
        """Logs in over ``transport``. Raises ``AuthenticationError``, and ``UnreachableError`` for no answer."""
        for number, candidate in enumerate(self._keys.offered, 1):
            try:
                further = transport.auth_publickey(self._host.ssh.user, candidate.key)
            except (EOFError, OSError, paramiko.SSHException) as error:
                failure = self._failure(transport, number, candidate, error)
                if failure is not None:
                    raise failure from None
                continue
            if not further:
                return
            raise AuthenticationError(
                self._host.name,
                f"{self._where} wants more than a key of {self._host.ssh.user}: {', '.join(further)}",
                "pkgci logs in with a key alone: see `AuthenticationMethods` in its sshd_config",
            )
        raise self._refused()

    def _failure(self, transport: Any, number: int, candidate: Candidate, error: Exception) -> HostError | None:
        """Why no further key is offered after ``error``; None where another one may be."""
        host, count = self._host, counted(number, "key")
        if isinstance(error, paramiko.BadAuthenticationType):
            return AuthenticationError(
                host.name,
                f"{self._where} lets nobody in as {host.ssh.user} with a key; it takes "
                f"{', '.join(error.allowed_types) or 'nothing'}",
                "`PubkeyAuthentication yes` in its sshd_config",
            )
        if transport.is_active():
            if str(error) != "Authentication timeout.":  # paramiko's words
                return None
            return UnreachableError(
                host.name, f"{self._where} does not answer to the key within {self._timeout:g} s", "is it overloaded?"
            )
        if "sign" in str(error):
            return AuthenticationError(
                host.name, f"the agent does not sign with the key {candidate.name}: {error}", _NAME_ONE
            )
        if len(self._keys.offered) > 1:
            return AuthenticationError(
                host.name,
                f"{self._where}: the server gave up after {count}, of {len(self._keys.offered)} that the agent and "
                f"~/.ssh have for {host.ssh.user}",
                _NAME_ONE,
            )
        return UnreachableError(
            host.name, f"{self._where} closed the connection when {host.ssh.user} logged in", "see its sshd's log"
        )

    def _refused(self) -> AuthenticationError:
        host, locked = self._host, self._keys.locked
        names = [candidate.name for candidate in self._keys.offered]
        reason = (
            f"{self._where} does not let {host.ssh.user} in; tried the {noun(len(names), 'key')} {', '.join(names)}"
        )
        if locked:
            return AuthenticationError(host.name, f"{reason}; {locked_words(locked)}", unlock_hint(locked))
        return AuthenticationError(
            host.name,
            reason,
            f"is the public half in ~{host.ssh.user}/.ssh/authorized_keys there, and is `ssh: {{user: …}}` right?",
        )
