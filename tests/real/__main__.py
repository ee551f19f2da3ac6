"""Takes real packages the whole way on a lab, twice, and writes one table of what was expected and what came of it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from tests.lab.conftest import LABS, Lab, remove_lab
from tests.real.archive import Archive, UnavailableError
from tests.real.catalogue import Package, chosen
from tests.real.lab import bring_up, serve
from tests.real.sources import Source, unpacked
from tests.real.table import Row, markdown, right
from tests.real.way import Release, Verdict

# How many of a hundred must be right.
_ENOUGH = 95
RELEASES = 2
# Where a source is taken from that the mirror at hand does not have in the target's own suite.
_NEWER = "sid"


@click.command()
@click.argument("names", nargs=-1, metavar="[PACKAGE]…")
@click.option("--target", default="trixie", show_default=True, help="The suite that they are of, and are built for.")
def main(names: tuple[str, ...], target: str) -> None:
    """Take each PACKAGE (all of the catalogue by default) through build, publication, tests and promotion, twice."""
    try:
        packages = chosen(names)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    lab = bring_up(packages, target)
    results = LABS / "real-packages.md"
    rows: list[Row] = []
    try:
        with tempfile.TemporaryDirectory(prefix="pkgci-real-") as folder:
            archive = Archive((target, _NEWER), Path(folder) / "apt")
            archive.update()
            for number, package in enumerate(packages):
                row = take(lab, package, archive, Path(folder) / package.name, target, 1000 + 10 * number)
                rows.append(row)
                # After each one: a run that is interrupted has said what it found.
                results.write_text(markdown(rows, target))
                click.echo(f"{'right' if row.is_right else 'WRONG'}: {package.name}: {row.got} {row.unavailable}")
    finally:
        remove_lab(lab)
    good, had = right(rows)
    click.echo(f"{good} of {had} right: {results}", err=True)
    sys.exit(0 if had and good * 100 >= had * _ENOUGH else 1)


def take(lab: Lab, package: Package, archive: Archive, folder: Path, target: str, change: int) -> Row:
    """All releases of one package; changes are numbered from ``change`` on."""
    try:
        source = unpacked(package, archive, folder)
    except UnavailableError as why:
        return Row(package, unavailable=str(why))
    if source.web:
        serve(lab, source.web)
    verdicts = []
    for when, verdict in _walk(lab, package, source, package.target(target), change):
        click.echo(f"  {package.name}, {when}: {verdict.step} {verdict.status}, {verdict.seconds:.0f} s", err=True)
        verdicts.append((when, verdict))
    return Row(package, verdicts)


def _walk(lab: Lab, package: Package, source: Source, target: str, change: int) -> Iterator[tuple[str, Verdict]]:
    """The first release is checked, too; until a step fails."""
    for number in range(1, RELEASES + 1):
        if number > 1:
            source.next_release()
        release = Release(f"real/{package.name}", target, change + number, source)
        for pipeline in ("check", "gate") if number == 1 else ("gate",):
            for verdict in release.walk(lab, pipeline):
                yield f"{pipeline} of release {number}", verdict
                if not verdict.is_good:
                    return


if __name__ == "__main__":
    main()
