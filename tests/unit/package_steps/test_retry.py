"""What may succeed in a moment is tried again, a while later each time, and not for ever."""

from pkgci_steps.retry import tries


def test_a_wait_comes_before_each_try_but_the_first_and_grows() -> None:
    waited: list[float] = []
    assert list(tries(4, waited.append)) == [0, 1, 2, 3]
    assert len(waited) == 3
    assert waited == sorted(waited)
    assert waited[0] > 0


def test_nothing_is_waited_for_once_a_try_has_succeeded() -> None:
    waited: list[float] = []
    for _ in tries(3, waited.append):
        break
    assert waited == []


def test_the_caller_says_how_long_to_wait() -> None:
    waited: list[float] = []
    assert len(list(tries(3, waited.append, lambda number: number * 100.0))) == 3
    assert waited == [100.0, 200.0]
