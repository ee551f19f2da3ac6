"""Parts of a step that depend on nothing of each other, side by side."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from .log import Aside, Log
from .report import Case
from .step import Step

Part = Callable[[Step], None]


def side_by_side(step: Step, parts: Sequence[Part]) -> None:
    """Does all ``parts``, as many at once as there are processors: the first ones first.

    Each has a step of its own. The log and the cases are those of one after the other: the first part's words appear as
    they come, the others' at the end. Raises the first one's ``Ended``, after the end of all.
    """
    with ExitStack() as files, ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        logs = [Aside(files.enter_context(tempfile.TemporaryFile(dir=step.scratch)), step.log) for _ in parts[1:]]
        owned = [_own(step, log) for log in (step.log, *logs)]
        done = [pool.submit(part, own) for part, own in zip(parts, owned, strict=False)]
        errors = [error for one in done if (error := one.exception())]
        for log in logs:
            step.log.add(log.text())
        for own in owned[: len(parts)]:
            step.cases.extend(own.cases)
        if errors:
            raise errors[0]


def _own(step: Step, log: Log) -> Step:
    cases: list[Case] = []
    return dataclasses.replace(step, log=log, programs=step.programs.apart(log), cases=cases)
