"""How long pkgci waits for a host."""

from __future__ import annotations

from pydantic import Field

from pkgci.model.base import Model
from pkgci.model.numbers import Whole


class Timeouts(Model):
    """How long pkgci waits for a host, in seconds."""

    connect: Whole = Field(
        10,
        ge=1,
        le=600,
        description="Seconds that each step of connecting to a host may take: the connection, the SSH handshake, the "
        "login. Commands that look at all hosts (status, verify-connectivity) wait half as long.",
    )
    command: Whole = Field(
        60,
        ge=1,
        le=3600,
        description="Seconds within which a host must start a command, and end one that is known to be short.",
    )

    @property
    def brief(self) -> float:
        """For each step of connecting, where a command goes on without the hosts that are slow."""
        return self.connect / 2
