"""What of a distribution is looked at for a few packages."""

from __future__ import annotations

from pkgci_steps.repotest.closure import needed

LISTS = b"""Package: greet-data
Version: 1
Depends: fonts (>= 2), postfix | mail-transport-agent

Package: exim4
Version: 4
Provides: mail-transport-agent, other (= 1)
Pre-Depends: libc6:any (>= 2)

Package: postfix
Version: 3

Package: fonts
Version: 2

Package: fonts
Version: 3
Depends: greet (>= 9)

Package: libc6
Version: 2

Package: unrelated
Version: 7
Conflicts: greet-data

Package: greet
Version: 9
Depends: unrelated
"""


def names(wanted: bytes, *without: bytes) -> list[str]:
    found = needed(LISTS, [wanted], frozenset(without))
    return sorted(stanza.split(b"\n")[0].removeprefix(b"Package: ").decode() for stanza in found)


def test_all_that_can_come_to_be_needed_counts_every_alternative_provider_and_version() -> None:
    wanted = b"Package: greet\nVersion: 1\nDepends: libnone,\n greet-data (= 1)"
    assert names(wanted, b"greet") == ["exim4", "fonts", "fonts", "greet-data", "libc6", "postfix"]


def test_our_own_packages_are_not_the_distributions() -> None:
    assert "greet" in names(b"Package: other\nDepends: fonts")
    assert names(b"Package: other\nDepends: fonts", b"greet") == ["fonts", "fonts"]


def test_what_nothing_needs_is_left_out() -> None:
    assert names(b"Package: alone\nVersion: 1\nRecommends: greet") == []
