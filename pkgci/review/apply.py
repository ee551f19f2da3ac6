"""A plan, done against the live Gerrit, one request after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pkgci.review.change import Change
from pkgci.review.connection import Connection


def carry_out(changes: Sequence[Change], connection: Connection, done: Callable[[Change], None]) -> None:
    """Does ``changes``; ``done`` hears of each. Raises ``PkgciError`` at the first that Gerrit refuses.

    What was done before it stays: each change is of use by itself, and the next plan has the rest.
    """
    for change in changes:
        request = change.request
        connection.send(request.method, request.path, request.body, change.what)
        done(change)
