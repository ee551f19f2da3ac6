"""The same work on many hosts at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import TypeVar

from pkgci.errors import PkgciError

T = TypeVar("T")
R = TypeVar("R")

# More containers that boot at once only make each of them slower.
_PARALLEL = 8
_TIDYING = 0.7  # seconds


def begin(work: Callable[[T], R], items: Sequence[T], parallel: int) -> list[Future[R]]:
    """Begins ``work`` on all of ``items``, ``parallel`` at a time: a future for each.

    On threads that do not keep the process alive, which those of ``ThreadPoolExecutor`` do: after ^C nobody waits for
    an engine or a server that is slow to answer.
    """
    futures: list[Future[R]] = [Future() for _ in items]
    todo: queue.SimpleQueue[tuple[Future[R], T]] = queue.SimpleQueue()
    for pair in zip(futures, items, strict=True):
        todo.put(pair)

    def run() -> None:
        while True:
            try:
                future, item = todo.get_nowait()
            except queue.Empty:
                return
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work(item))
            except BaseException as error:
                future.set_exception(error)

    for _ in range(min(parallel, len(items))):
        threading.Thread(target=run, name="lab", daemon=True).start()
    return futures


def side_by_side(work: Callable[[T], object], items: Sequence[T]) -> None:
    """``work`` on all of ``items`` at once. One's failure stops no other; what failed is told together at the end.

    Where the user interrupts, what is asked of the engine has a moment to be answered.
    """
    futures = begin(work, items, _PARALLEL)
    try:
        wait(futures)
    except BaseException:
        for future in futures:
            future.cancel()
        wait(futures, _TIDYING)
        raise
    errors = [error for future in futures if (error := future.exception())]
    unforeseen = next((error for error in errors if not isinstance(error, PkgciError)), None)
    if unforeseen or len(errors) == 1:
        raise unforeseen or errors[0]
    if errors:
        raise PkgciError("\n".join(f"pkgci: {error}" for error in errors), getattr(errors[0], "hint", None))
