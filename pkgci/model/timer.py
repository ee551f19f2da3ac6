"""When the periodic pipeline runs: from crontab(5), which people write, to what Zuul 2.6 takes.

Zuul hands the fields to APScheduler, which counts the days of the week from Monday (crontab: from Sunday), and leaves
out the month (its trigger.timer). A field that APScheduler refuses would break the reload: Zuul's own test of a layout
does not look at it. So the fields are checked here.
"""

from __future__ import annotations

import re

from pkgci.model.plural import counted

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))


def zuul_time(crontab: str) -> str:
    """``crontab`` (five fields) as Zuul's `time`. Raises ``ValueError`` where it is wrong, or Zuul cannot do it."""
    fields = crontab.split()
    if len(fields) != len(_FIELDS):
        found = counted(len(fields), "field")
        raise ValueError(f"has {found}, and needs 5: minute, hour, day of the month, month, weekday")
    numbers = [_numbers(text, *field) for text, field in zip(fields, _FIELDS, strict=True)]
    if fields[3] != "*":
        raise ValueError("names a month, which Zuul 2.6 does not look at: write * there")
    if numbers[2] is not None and numbers[4] is not None:
        # crontab(5): either of them; APScheduler: both at once.
        raise ValueError("names a day of the month and a weekday, which Zuul 2.6 takes for days that are both")
    if numbers[4] is not None:
        week = {number % 7 for number in numbers[4]}
        # APScheduler's week begins with Monday.
        fields[4] = ",".join(
            day for number, day in sorted(enumerate(_DAYS), key=lambda d: (d[0] - 1) % 7) if number in week
        )
    return " ".join(fields)


def _numbers(text: str, name: str, lowest: int, highest: int) -> set[int] | None:
    """The numbers that a field of a crontab means; None for all of them (`*`)."""
    if text == "*":
        return None
    found: set[int] = set()
    for part in text.lower().split(","):
        match = re.fullmatch(r"(?:(\*)|([a-z]{3}|[0-9]{1,3})(?:-([a-z]{3}|[0-9]{1,3}))?)(?:/([0-9]{1,3}))?", part)
        if match is None:
            raise ValueError(f"has the {name} '{text}', which is not valid")
        every, first, last, step = match.groups()
        start = lowest if every else _number(first, text, name)
        end = highest if every else _number(last, text, name) if last else highest if step else start
        if not lowest <= start <= end <= highest:
            raise ValueError(f"has the {name} '{text}', which is not within {lowest}-{highest}")
        if step and not 0 < int(step) <= end - start:
            raise ValueError(f"has the {name} '{text}', whose step is not within 1-{end - start}")
        found.update(range(start, end + 1, int(step or 1)))
    return found


def _number(word: str, text: str, name: str) -> int:
    if word.isdecimal():
        return int(word)
    if name == "day of the week" and word in _DAYS:
        return _DAYS.index(word)
    raise ValueError(f"has the {name} '{text}', which is not valid")
