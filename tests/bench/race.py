"""Runs contenders by turns, as processes, and measures time and memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


class BenchError(Exception):
    """A contender did not do its work: its figure would mean nothing."""


@dataclass(frozen=True)
class Contender:
    """A command that does the work. ``prepare`` runs before each turn and is not measured."""

    name: str
    command: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Sample:
    """One turn: wall-clock and CPU seconds, and the largest resident memory of one of its processes, in MB."""

    seconds: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Result:
    """The turns of one contender."""

    name: str
    samples: tuple[Sample, ...]

    @property
    def seconds(self) -> float:
        """The median wall-clock time."""
        return statistics.median(sample.seconds for sample in self.samples)

    @property
    def memory(self) -> float:
        """The largest resident memory, in MB."""
        return max(sample.memory for sample in self.samples)


def race(contenders: Sequence[Contender], turns: int, *, warm_up: bool = False) -> dict[str, Result]:
    """Each contender ``turns`` times, by turns and each turn in another order; with ``warm_up``, once before.

    Raises ``BenchError`` where one fails.
    """
    if warm_up:
        for contender in contenders:
            run(contender)
    samples: dict[str, list[Sample]] = {contender.name: [] for contender in contenders}
    for turn in range(turns):
        shift = turn % len(contenders)
        for contender in (*contenders[shift:], *contenders[:shift]):
            samples[contender.name].append(run(contender))
    return {name: Result(name, tuple(taken)) for name, taken in samples.items()}


def run(contender: Contender) -> Sample:
    """One turn. Raises ``BenchError`` with the end of the output where the command fails."""
    contender.prepare()
    with tempfile.TemporaryFile() as output:
        begin = time.monotonic()
        process = subprocess.Popen(
            contender.command,
            cwd=contender.directory,
            env={**os.environ, **contender.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            end = output.read().decode(errors="replace")[-3000:]
            raise BenchError(f"{contender.name}: exit {process.returncode}: {' '.join(contender.command)}\n{end}")
    return Sample(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)
