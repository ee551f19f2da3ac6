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
# 0.1 s and 0.15 s where Python itself begins in 12 ms.
_OF_PYTHON = {"pkgci --help": 8.0, "pkgci validate": 12.5}


def start(turns: int) -> Outcome:
    """``pkgci --help`` and ``pkgci validate`` against Python that does nothing, and against Python importing click."""
    example = CHECKOUT / "examples/openstack"
    results = race(
        (
            Contender("python -c pass", (sys.executable, "-c", "pass"), example),
            Contender("import click", (sys.executable, "-c", "import click"), example),
            Contender("pkgci --help", (PKGCI, "--help"), example),
            Contender("pkgci validate", (PKGCI, "validate"), example),
        ),
        max(turns, 9),
        warm_up=True,
    )
    python, click = results["python -c pass"], results["import click"]
    figures = (
        *(ratio(f"{name}, of Python's start", results[name], python, most) for name, most in _OF_PYTHON.items()),
        *(ratio(name, results[name], click, 3.0) for name in _OF_PYTHON),
    )
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
