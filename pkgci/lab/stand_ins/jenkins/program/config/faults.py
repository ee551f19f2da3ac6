"""What is wrong with a configuration, and what the real one says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. ``path`` is where: attribute names from the top, or a file and a line.

    ``said`` is what the real one's check says of it, as it was recorded; empty for what that check passes over.
    ``near`` is the attribute whose line the real one names with it.
    """

    path: str
    message: str
    said: str = ""
    near: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ConfigError(Exception):
    """A configuration that the real one would not start with."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class SyntaxFaultError(ConfigError):
    """A text that is no YAML. The real one's reload has no words for it, only a page that says "Oops!"."""


def words_of(fault: Fault, source: str, line: int | None) -> str:
    """What the real one says of ``fault`` in ``source``; the stand-in's own words for what it finds only later."""
    text = fault.said or str(fault)
    if not fault.near or not fault.said:
        return text
    place = f"{source}:{line}" if line is not None else source
    return f"{text}\n  at {place} (path: {fault.near[-1]})"


def unknown_root(name: str) -> Fault:
    """For a root that no plugin has."""
    said = (
        f"No configurator found for the following root element: {name}. This may indicate that the required plugin is "
        "not installed or failed to load. Verify that the plugin is installed and check the Jenkins startup logs for "
        f"plugin loading errors.{name}"
    )
    return Fault(name, "invalid configuration element", said)


def unknown_attributes(path: str, name: str, kind: str, unknown: Sequence[str], known: Sequence[str]) -> Fault:
    """For attributes that there are not. ``name`` and ``kind`` are the real one's for what they were looked for in."""
    said = (
        f"{name}: Invalid configuration elements for type: class {kind} : {', '.join(unknown)}.\n"
        f"Available attributes : {', '.join(sorted(known))}"
    )
    place = f"{path}.{unknown[0]}" if path else unknown[0]
    return Fault(place, "invalid configuration element", said)
