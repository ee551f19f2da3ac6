"""What stands in for an EL system where RPMs of backend ``chroot`` are tested: a Debian with dnf and one RPM.

The roots of ``chroots.ensure(step, target, Purpose.TEST)`` (and SYSTEM, to boot) have it already: dnf works in them,
knows no repository yet, and resolves against what the stand-in provides. So a test needs no more than:

    step.details |= base.details(target)               # and on screen, where it stands in for something
    with fresh(step, ensure(step, target, Purpose.TEST), {"/etc/yum.repos.d/review.repo": repo}) as root:
        root.run("dnf", "--assumeyes", "install", "greet", network=True)
        root.run("greet", "Ada")

For a target of backend ``mock`` the same roots are made of its mirror's packages (``chroots.el``): nothing stands in.
"""

from __future__ import annotations

from pathlib import Path

from ..settings import Target

# The RPM that stands in, which no repository has: what looks at all that is installed leaves it out.
NAME = "pkgci-base"
NOTE = (
    "this root is no Enterprise Linux: it is a Debian with dnf, whose RPM pkgci-base stands in for an EL base system; "
    "packages really run in it, but that says nothing about the libraries of a real one"
)

_PROGRAM = "/pkgci-make-base.py"
_FOLDER = "/pkgci-base"
# mmdebstrap's hooks that make a root of Debian stand in (``make_base``).
HOOKS = (
    f"upload {Path(__file__).resolve().parent}/make_base.py {_PROGRAM}",
    f'chroot "$1" python3 -I {_PROGRAM} {_FOLDER}',
    f'rm -r "$1{_PROGRAM}" "$1{_FOLDER}"',
)


def stands_in(target: Target) -> bool:
    """Whether roots of ``target`` are stand-ins."""
    return target.kind == "rpm" and target.backend == "chroot"


def details(target: Target) -> dict[str, str]:
    """For result.json: ``stand_in`` says what is none of a real system, where that is so."""
    return {"stand_in": NOTE} if stands_in(target) else {}
