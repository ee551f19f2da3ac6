"""The installation test of DEB packages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .. import chroots, review
from ..review import Build
from ..settings import Target
from ..step import Step
from . import apt, flow, root
from .manager import Manager


def test(step: Step, target: Target, build: Build) -> None:
    """Installs the packages of ``build`` in fresh roots of ``target``; a case for each of them and each phase."""
    chosen = review.repositories(step.inputs, step.settings)
    tree = chroots.ensure(step, target, chroots.Purpose.TEST)
    files = apt.files(step, target, chosen)

    @contextmanager
    def fresh() -> Iterator[Manager]:
        with root.fresh(step, tree, files) as one:
            yield apt.Apt(one)

    flow.test(step, build.binaries(), chosen, fresh)
