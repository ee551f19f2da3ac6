"""The machine and its operating system."""

from __future__ import annotations

from dataclasses import dataclass

from pkgci.facts.fact import Answers, Fact


@dataclass(frozen=True)
class System:
    """``os`` is its identifier, as 'debian-13', ``name`` how it calls itself. Memory is in MB (powers of ten)."""

    os: str
    name: str
    cpu: int
    memory_mb: float


class SystemFact(Fact[System]):
    """Operating system, processors, memory."""

    program = "system"

    def read(self, answers: Answers) -> System:
        """Zero where the host does not tell."""
        return System(
            os=answers.one("os"),
            name=answers.one("os_name") or "unknown",
            cpu=answers.number("cpu") or 0,
            memory_mb=(answers.number("memory_kb") or 0) * 1.024 / 1000,
        )


class Kvm(Fact[str]):
    """Whether virtual machines can be run: 'usable', or why not."""

    program = "kvm"

    def read(self, answers: Answers) -> str:
        """As it was printed."""
        return answers.one("kvm")


class Controllers(Fact[frozenset[str]]):
    """The controllers that systemd can limit control groups with."""

    program = "controllers"

    def read(self, answers: Answers) -> frozenset[str]:
        """Their names."""
        return frozenset(answers.all("controller"))


class Now(Fact[int | None]):
    """The host's clock, in seconds since 1970."""

    program = "now"

    def read(self, answers: Answers) -> int | None:
        """None where the host does not tell."""
        return answers.number("now")
