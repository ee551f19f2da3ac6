"""Packages that others made go the whole way, and so does their next release. `make real-packages` takes many more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.lab.conftest import OTHERS, Lab
from tests.real.archive import Archive, UnavailableError
from tests.real.catalogue import QUICK, chosen
from tests.real.releases import next_release
from tests.real.sources import unpacked
from tests.real.way import Release

TARGET = "trixie"
HOW_MANY = 3


def trees(folder: Path) -> Iterator[Path]:
    """The trees of the quick packages that can be had."""
    archive = Archive((TARGET,), folder / "apt")
    archive.update()
    for package in sorted(chosen(QUICK), key=lambda package: QUICK.index(package.name)):
        try:
            yield unpacked(package, archive, folder / package.name)
        except UnavailableError:
            continue


def test_packages_of_the_archive_are_released_and_so_is_their_next_version(bootstrapped: Lab, tmp_path: Path) -> None:
    taken = 0
    for number, tree in enumerate(trees(tmp_path)):
        for release in (1, 2):
            if release == 2:
                next_release(tree)
            for verdict in Release(OTHERS, TARGET, 995000 + 10 * number + release, tree).walk(bootstrapped, "gate"):
                assert verdict.is_good, f"{tree}, release {release}: {verdict}"
        taken += 1
        if taken == HOW_MANY:
            break
    assert taken == HOW_MANY
