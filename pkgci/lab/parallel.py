"""The same work on many hosts at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from pkgci.errors import PkgciError

T = TypeVar("T")

# More containers that boot at once only make each of them slower.
_PARALLEL = 8


def side_by_side(work: Callable[[T], object], items: Sequence[T]) -> None:
    """``work`` on all of ``items`` at once. One's failure stops no other; what failed is told together at the end."""
    if not items:
        return
    pool = ThreadPoolExecutor(max_workers=_PARALLEL)
    futures = [pool.submit(work, item) for item in items]
    try:
        wait(futures)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    errors = [error for future in futures if (error := future.exception())]
    unforeseen = next((error for error in errors if not isinstance(error, PkgciError)), None)
    if unforeseen or len(errors) == 1:
        raise unforeseen or errors[0]
    if errors:
        raise PkgciError("\n".join(f"pkgci: {error}" for error in errors), getattr(errors[0], "hint", None))
