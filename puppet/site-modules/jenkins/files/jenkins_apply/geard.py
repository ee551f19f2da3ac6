"""What the Gearman server shows of Jenkins' workers: geard's administration protocol."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass

_TIMEOUT = 5.0


@dataclass(frozen=True)
class Server:
    """Where Jenkins' jobs come from."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def workers(self) -> dict[str, frozenset[str]]:
        """Worker → the functions that it offers. Raises ``OSError``."""
        with socket.create_connection((self.host, self.port), _TIMEOUT) as link:
            link.sendall(b"workers\n")
            with link.makefile("rb") as answer:
                lines: list[bytes] = []
                for line in answer:
                    if line.strip() == b".":
                        return parse_workers(b"".join(lines).decode(errors="replace"))
                    lines.append(line)
        raise OSError("it ended its answer early")


def parse_workers(text: str) -> dict[str, frozenset[str]]:
    """From lines ``CONNECTION ADDRESS WORKER : FUNCTION …``; a worker without a name is ``-`` and is left out."""
    found = {}
    for line in text.splitlines():
        name, colon, functions = line.partition(" : ")
        if not colon:
            name, functions = line.rstrip(": "), ""
        fields = name.split(None, 2)
        if len(fields) == 3 and fields[2] != "-":
            found[fields[2].strip()] = frozenset(functions.split())
    return found


def disagreement(
    node: str, executors: int, labels: frozenset[str], workers: Mapping[str, frozenset[str]]
) -> str | None:
    """How ``workers`` differ from ``executors`` ones of ``node`` that serve no label but ``labels``, or None."""
    own = {name: functions for name, functions in workers.items() if name.rpartition("_exec-")[0] == node}
    wanted = {f"{node}_exec-{number}" for number in range(executors)}
    if set(own) != wanted:
        return f"{node} has {len(own)} workers, not {executors}"
    offered = frozenset[str]().union(*own.values())
    served = {function.split(":", 2)[2] for function in offered if function.count(":") > 1}
    foreign = sorted(served - labels - {node})
    if foreign:
        return f"the workers of {node} still serve {', '.join(foreign)}"
    return None
