"""The installation test of RPM packages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .. import chroots, review
from ..review import Build
from ..rpm import base
from ..settings import Target
from ..step import Step
from . import dnf, flow, root
from .manager import Manager


def test(step: Step, target: Target, build: Build) -> None:
    """Installs the packages of ``build`` in fresh roots of ``target``; a case for each of them and each phase."""
    if base.stands_in(target):
        step.log.say(base.NOTE)
    step.details |= base.details(target)
    chosen = review.repositories(step.inputs, step.settings)
    tree = chroots.ensure(step, target, chroots.Purpose.TEST)
    files = dnf.files(step, chosen)

    @contextmanager
    def fresh() -> Iterator[Manager]:
        with root.fresh(step, tree, files) as one:
            yield dnf.Dnf(one)

    flow.test(step, build.binaries(), chosen, fresh)
