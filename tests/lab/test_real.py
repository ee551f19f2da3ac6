"""Packages that others made go the whole way, and so does their next release. `make real-packages` takes many more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.lab.conftest import OTHERS, Lab
from tests.real.archive import Archive, UnavailableError
from tests.real.catalogue import QUICK, chosen
from tests.real.sources import Source, unpacked
from tests.real.way import Release

TARGET = "trixie"
HOW_MANY = 3


def sources(folder: Path) -> Iterator[Source]:
    """The sources of the quick packages that can be had."""
    archive = Archive((TARGET,), folder / "apt")
    archive.update()
    for package in sorted(chosen(QUICK), key=lambda package: QUICK.index(package.name)):
        try:
            yield unpacked(package, archive, folder / package.name)
        except UnavailableError:
            continue


def test_packages_of_the_archive_are_released_and_so_is_their_next_version(bootstrapped: Lab, tmp_path: Path) -> None:
    taken = 0
    for number, source in enumerate(sources(tmp_path)):
        for release in (1, 2):
            if release == 2:
                source.next_release()
            for verdict in Release(OTHERS, TARGET, 995000 + 10 * number + release, source).walk(bootstrapped, "gate"):
                assert verdict.is_good, f"{source.tree}, release {release}: {verdict}"
        taken += 1
        if taken == HOW_MANY:
            break
    assert taken == HOW_MANY
