"""Leads connections to the addresses of a site to where its scripted hosts listen. No other address is reached."""

from __future__ import annotations

import contextlib
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from unittest import mock

Endpoint = tuple[str, int]


@contextlib.contextmanager
def redirected(endpoints: Mapping[str, Endpoint]) -> Iterator[Counter[str]]:
    """While it lasts, addresses in ``endpoints`` (address → where it really is) are reached there.

    Gives how often each was tried.
    """
    tried: Counter[str] = Counter()
    connect = socket.create_connection

    def lead(address: tuple[str, int], *arguments: Any, **named: Any) -> socket.socket:
        if address[0] in endpoints:
            tried[address[0]] += 1
            return connect(endpoints[address[0]], *arguments, **named)
        if address[0] in ("127.0.0.1", "::1", "localhost"):
            return connect(address, *arguments, **named)
        raise ConnectionRefusedError(111, "Connection refused")

    with mock.patch("socket.create_connection", lead):
        yield tried
