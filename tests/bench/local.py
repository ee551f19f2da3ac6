"""What needs no host: how quickly commands start, and how quickly a large site is rendered."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.bench.race import Contender, race
from tests.bench.report import Figure, Outcome, ratio
from tests.bench.sites import CHECKOUT, make_large_site

PKGCI = str(Path(sys.executable).with_name("pkgci"))
_LARGE = 1000


def start(turns: int) -> Outcome:
    """``pkgci --help`` and ``pkgci validate`` against Python importing click."""
    example = CHECKOUT / "examples/openstack"
    results = race(
        (
            Contender("import click", (sys.executable, "-c", "import click"), example),
            Contender("pkgci --help", (PKGCI, "--help"), example),
            Contender("pkgci validate", (PKGCI, "validate"), example),
        ),
        max(turns, 9),
        warm_up=True,
    )
    bare = results["import click"]
    figures = tuple(ratio(name, results[name], bare, 3.0) for name in ("pkgci --help", "pkgci validate"))
    return Outcome(figures, {"start": results})


def render(turns: int) -> Outcome:
    """``pkgci render-hiera`` for a large site."""
    folder = make_large_site(_LARGE)
    command = (PKGCI, "render-hiera")
    name = f"render-hiera, {_LARGE} hosts"
    results = race((Contender(name, command, folder),), turns, warm_up=True)
    shutil.rmtree(folder)
    figure = Figure(name, results[name].seconds, "s", 2.0, f"{results[name].memory:.0f} MB of memory")
    return Outcome((figure,), {"render": results})
