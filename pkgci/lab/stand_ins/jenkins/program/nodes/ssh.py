"""A connection to a node, with its host key pinned, whose end is noticed within seconds."""

from __future__ import annotations

import base64
import io
import socket
from typing import Any

import paramiko  # type: ignore[import-untyped]

from ..config.model import Credential, NodeDefinition

CONNECT_TIMEOUT = 15.0
# How often something is sent on an idle connection, and after how long without an answer it counts as lost (seconds).
KEEPALIVE = 5
LOST_AFTER = 20
_KEY_CLASSES: tuple[Any, ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class NodeError(Exception):
    """A node that cannot be reached, or does not do what is needed."""


class LostNodeError(NodeError):
    """A connection that has ended."""


def connect(node: NodeDefinition) -> Any:
    """An open paramiko client. Raises ``NodeError`` with what a person needs to know."""
    if node.credential is None:
        raise NodeError(f"no credential has the id {node.credential_id!r}")
    if node.host_key is None:
        raise NodeError(
            "no host key is pinned: pkgci's stand-in connects with manuallyProvidedKeyVerificationStrategy only"
        )
    client = paramiko.SSHClient()
    kind, key = parse_host_key(node.host_key)
    name = node.host if node.port == 22 else f"[{node.host}]:{node.port}"
    client.get_host_keys().add(name, kind, key)
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    try:
        sock = socket.create_connection((node.host, node.port), timeout=CONNECT_TIMEOUT)
        # The kernel ends the connection where what was sent is not acknowledged: a machine that vanished says nothing.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, LOST_AFTER * 1000)
        client.connect(
            node.host,
            node.port,
            username=node.credential.user,
            pkey=load_key(node.credential),
            sock=sock,
            allow_agent=False,
            look_for_keys=False,
            timeout=CONNECT_TIMEOUT,
            banner_timeout=CONNECT_TIMEOUT,
            auth_timeout=CONNECT_TIMEOUT,
        )
        client.get_transport().set_keepalive(KEEPALIVE)
    except paramiko.BadHostKeyException:
        client.close()
        raise NodeError(f"the host key of {name} is not the pinned one") from None
    except (paramiko.SSHException, OSError, EOFError) as error:
        client.close()
        raise NodeError(f"cannot log in to {name} as {node.credential.user}: {error}") from None
    return client


def parse_host_key(text: str) -> tuple[str, Any]:
    """The type and the key in ``type base64``. Raises ``NodeError``."""
    fields = text.split()
    try:
        kind, content = fields[0], base64.b64decode(fields[1], validate=True)
        return kind, paramiko.PKey.from_type_string(kind, content)
    except (IndexError, ValueError, paramiko.SSHException, paramiko.UnknownKeyType) as error:
        raise NodeError(f"the pinned host key is none: {error}") from None


def load_key(credential: Credential) -> Any:
    """The credential's private key. Raises ``NodeError``: its message has nothing of the key."""
    text = credential.private_key if credential.private_key.endswith("\n") else credential.private_key + "\n"
    for key_class in _KEY_CLASSES:
        try:
            return key_class.from_private_key(io.StringIO(text), credential.passphrase)
        except (paramiko.SSHException, ValueError, IndexError):
            continue
    raise NodeError(f"the private key of {credential.user!r} cannot be read")


def is_alive(client: Any) -> bool:
    """Whether the connection is still there, and the other side still answers."""
    transport = client.get_transport()
    if transport is None or not transport.is_active():
        return False
    try:
        # A frozen machine's kernel still acknowledges: only its sshd can open a channel.
        transport.open_session(timeout=LOST_AFTER).close()
    except (paramiko.SSHException, OSError, EOFError):
        return False
    return True
