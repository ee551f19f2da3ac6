"""Telling systemd how the start goes (sd_notify(3)): the unit is of type ``notify``, as the real one's."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> None:
    """Sends ``state`` (as in ``READY=1``). Does nothing where systemd did not start this process."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.sendto(state.encode(), address)
