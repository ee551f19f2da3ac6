"""Opening connections: a socket or a jump host's channel, the host's key, the login; and what went wrong, in words."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fabric  # type: ignore[import-untyped]
import paramiko  # type: ignore[import-untyped]

from pkgci.model.known_hosts import HostKey, known_name
from pkgci.model.site import Host
from pkgci.remote.errors import UnreachableError
from pkgci.remote.keys import Keys, keys_for
from pkgci.remote.log import logged_connect
from pkgci.remote.offer import Offer
from pkgci.remote.trust import Trust
from pkgci.retry import Attempts

_KEEPALIVE = 10  # seconds
# A peer that acknowledges nothing for so long is gone (a keepalive is always under way).
_PEER_GONE = 30  # seconds
# sshd drops connections beyond MaxStartups before it says a word.
_DROPPED_PAUSES = (0.5, 1.0)  # seconds

# Whatever paramiko has to say arrives here as an exception, and is told in our words.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


@dataclass(eq=False)
class Connection:
    """An open, authenticated connection. ``users`` counts who holds it; the last one to let go closes it."""

    host: Host
    link: Any
    via: Connection | None
    place: tuple[Path, Host]
    users: int = 1

    @property
    def alive(self) -> bool:
        transport = self.link.transport
        return transport is not None and bool(transport.is_active())

    @property
    def transport(self) -> Any:
        return self.link.transport


class _NewKeyError(Exception):
    """A host without a recorded key has shown one."""

    def __init__(self, key: HostKey) -> None:
        super().__init__(key.fingerprint)
        self.key = key


class _Checked(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
    """Fabric believes any unknown key; this asks ``trust``, before anything of ours is sent."""

    def __init__(self, host: Host, trust: Trust) -> None:
        self._host = host
        self._trust = trust

    def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
        shown = _host_key(key)
        if not self._trust.check(self._host, shown):
            raise _NewKeyError(shown)


def _host_key(key: Any) -> HostKey:
    return HostKey(key.get_name(), key.get_base64())


@logged_connect
def open_link(
    host: Host, trust: Trust, via: Connection | None, timeout: float, handshake: AbstractContextManager[object]
) -> Any:
    """An open, authenticated Fabric connection to ``host``, through ``via`` where there is one.

    ``timeout`` is in seconds, for each part of it; ``handshake`` is held during the part that is work. Raises
    ``HostError``.
    """
    keys = keys_for(host)
    attempts = Attempts(_DROPPED_PAUSES)
    while True:
        try:
            return _attempt(host, trust, via, keys, timeout, handshake)
        except _NewKeyError as new:
            # The connection is closed while a person thinks: sshd's patience (LoginGraceTime) is limited.
            trust.decide(host, new.key)
        except _DroppedError as error:
            if not attempts.again():
                raise error.told from None


class _DroppedError(Exception):
    """The other end closed the connection before it said that it is an SSH server."""

    def __init__(self, told: UnreachableError) -> None:
        super().__init__(told.message)
        self.told = told


def _attempt(
    host: Host,
    trust: Trust,
    via: Connection | None,
    keys: Keys,
    timeout: float,
    handshake: AbstractContextManager[object],
) -> Any:
    stream = _socket(host, timeout) if via is None else _channel(host, via, timeout)
    connection = fabric.Connection(
        host.address,
        user=host.ssh.user,
        port=host.ssh.port,
        # Neither ~/.fabric.yaml nor ~/.ssh/config: the site file alone says how a host is reached.
        config=fabric.Config(ssh_config=paramiko.SSHConfig(), lazy=True),
        connect_kwargs={
            "sock": stream,
            "timeout": timeout,
            "banner_timeout": timeout,
            "auth_timeout": timeout,
            "channel_timeout": timeout,
            "auth_strategy": Offer(host, keys, timeout),
        },
    )
    _teach(connection.client, host, trust)
    with handshake:
        _log_in(host, trust, connection, stream, timeout)
    return connection


def _log_in(host: Host, trust: Trust, connection: Any, stream: Any, timeout: float) -> None:
    begun = time.monotonic()
    try:
        connection.open()
        connection.transport.set_keepalive(_KEEPALIVE)
    except BaseException as error:
        connection.client.close()
        stream.close()
        if not isinstance(error, EOFError | OSError | paramiko.SSHException):
            raise
        shown = _shown_key(error)
        if shown is not None:
            trust.check(host, shown)
        raise _told(host, error, timeout, time.monotonic() - begun) from None


def _teach(client: Any, host: Host, trust: Trust) -> None:
    """Makes ``client`` believe ``trust`` alone, and negotiate the key type that is recorded."""
    client.set_missing_host_key_policy(_Checked(host, trust))
    name = host.address if host.ssh.port == 22 else f"[{host.address}]:{host.ssh.port}"
    for key in trust.known(host):
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{known_name(host)} {key.type} {key.text}")
        if entry is not None:
            client.get_host_keys().add(name, key.type, entry.key)


class _Forwarded:
    """A forwarded channel as a socket for the connection through it.

    A channel whose jump host has gone raises when it is closed, as no socket does: paramiko's thread would die of that,
    with a traceback on the screen.
    """

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    def close(self) -> None:
        with contextlib.suppress(EOFError, OSError, paramiko.SSHException):
            self._channel.close()


def _socket(host: Host, timeout: float) -> socket.socket:
    where = f"{host.address} port {host.ssh.port}"
    try:
        stream = socket.create_connection((host.address, host.ssh.port), timeout)
    except TimeoutError:
        raise UnreachableError(
            host.name,
            f"{where} does not answer within {timeout:g} s",
            "is it up, and does a firewall let this machine in?",
        ) from None
    except OSError as error:
        if error.errno == errno.ECONNREFUSED:
            reason = f"{where} refuses connections"
            raise UnreachableError(host.name, reason, "is sshd running, and is `ssh: {port: …}` right?") from None
        raise UnreachableError(host.name, f"{where}: {error.strerror or error}", f"`ping {host.address}`") from None
    # Commands are small packets that wait for answers.
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _PEER_GONE * 1000)
    return stream


def _channel(host: Host, via: Connection, timeout: float) -> Any:
    where = f"{host.address} port {host.ssh.port}"
    try:
        target = (host.address, host.ssh.port)
        return _Forwarded(via.transport.open_channel("direct-tcpip", target, ("", 0), timeout=timeout))
    except paramiko.ChannelException as error:
        if error.code == 1:  # administratively prohibited (RFC 4254, section 5.1)
            reason, hint = f"the jump host {via.host.name} forbids forwarding", "`AllowTcpForwarding yes` in its sshd"
        else:
            reason, hint = f"the jump host {via.host.name} cannot reach {where}", "is it up, and is sshd running?"
    except (EOFError, OSError, paramiko.SSHException):
        reason, hint = f"the jump host {via.host.name} does not reach {where} within {timeout:g} s", "is it up?"
    raise UnreachableError(host.name, reason, hint)


def _shown_key(error: BaseException) -> HostKey | None:
    return _host_key(error.key) if isinstance(error, paramiko.BadHostKeyException) else None


def _told(host: Host, error: BaseException, timeout: float, waited: float) -> Exception:
    """What a connection that failed after ``waited`` seconds means, in our words."""
    where = f"{host.address} port {host.ssh.port}"
    text = str(error)
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return UnreachableError(host.name, f"{where}: no common SSH algorithm ({text})", "update the host's sshd")
    if text == "No existing session":  # paramiko's words where its time for the key exchange has run out
        reason = f"{where} accepts the connection, but does not finish the SSH handshake within {timeout:g} s"
        return UnreachableError(host.name, reason, "is the host overloaded, or frozen?")
    if "banner" in text or isinstance(error, EOFError | ConnectionError):
        silent = UnreachableError(
            host.name, f"{where} accepts the connection, but no SSH server speaks", "is sshd overloaded?"
        )
        # Silence has taken the whole time-out already: it is not waited for again.
        return silent if waited >= timeout else _DroppedError(silent)
    return UnreachableError(host.name, f"{where}: the SSH connection failed: {text or type(error).__name__}")
