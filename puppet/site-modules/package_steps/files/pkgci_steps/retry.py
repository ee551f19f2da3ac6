"""Another try at what a network or a server may let through in a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator


def tries(
    count: int, wait: Callable[[float], object], pause: Callable[[int], float] = lambda number: 2.0 * number
) -> Iterator[int]:
    """The numbers of ``count`` tries, from 0. Waits before each but the first, for as long as ``pause`` says of it.

    Whoever asks leaves the loop when a try succeeds, or when another one would not help.
    """
    for number in range(count):
        if number:
            wait(pause(number))
        yield number
