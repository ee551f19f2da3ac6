"""crontab(5) for Zuul."""

import pytest

from pkgci.model.timer import zuul_time


@pytest.mark.parametrize(
    ("crontab", "time"),
    [
        ("0 2 * * *", "0 2 * * *"),
        ("*/15 8-18/2 * * *", "*/15 8-18/2 * * *"),
        ("0 2 1,15 * *", "0 2 1,15 * *"),
        # APScheduler's 0 is Monday: names mean the same to everybody.
        ("0 2 * * 0", "0 2 * * sun"),
        ("0 2 * * 7", "0 2 * * sun"),
        ("0 2 * * 1-5", "0 2 * * mon,tue,wed,thu,fri"),
        ("0 2 * * Sat,sun", "0 2 * * sat,sun"),
    ],
)
def test_a_crontab_means_the_same_to_zuul(crontab: str, time: str) -> None:
    assert zuul_time(crontab) == time


@pytest.mark.parametrize(
    ("crontab", "why"),
    [
        ("0 2 * *", "has 4 fields"),
        ("0 2 * 6 *", "month"),
        ("60 2 * * *", "minute '60'"),
        ("0 5-2 * * *", "hour '5-2'"),
        ("0 2 * * someday", "day of the week"),
        ("0 2 0 * *", "day of the month '0'"),
        ("0 2 1 * 1", "days that are both"),
        ("*/0 2 * * *", "minute"),
        ("@daily", "has 1 field,"),
    ],
)
def test_what_zuul_cannot_do_is_refused(crontab: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        zuul_time(crontab)
