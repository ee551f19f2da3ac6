"""Which packages are taken the whole way, what each one has that others lack, and what is expected of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from tests.real import distgit, examples, made

PASSES = "passes"
# The target of what is no DEB: as the example lab has it.
RPM = "rpm"


class Origin(Enum):
    """Where the tree of a package comes from."""

    ARCHIVE = "the distribution's archive"
    MADE = "made by the tests"
    EXAMPLE = "one of our examples, with an upstream of its own"
    DIST_GIT = "packaging made by the tests, over an upstream of PyPI"


@dataclass(frozen=True)
class Package:
    """One source package. ``has`` is why it is here; ``expected`` is what its distribution's own tests say.

    ``origin`` is who has its tree: the archive, or these tests.
    """

    name: str
    has: str
    expected: str = PASSES
    origin: Origin = Origin.ARCHIVE

    def target(self, deb: str) -> str:
        """The target that it is built for, where DEBs are for ``deb``."""
        if self.origin is Origin.EXAMPLE:
            return examples.PACKAGES[self.name].target or deb
        return RPM if self.origin is Origin.DIST_GIT else deb


# Of the archive. What the mirror at hand does not serve is reported so, and is no pass.
ARCHIVE = (
    Package("acl", "a udeb, a library with symbols"),
    Package("adduser", "native, debconf, tests that make accounts"),
    Package("at", "a setuid program, a service, conffiles"),
    Package("ccze", "C, plugins, an old debhelper level"),
    Package("chrony", "a service with an account and conffiles"),
    Package("cowsay", "Perl, one binary package for all architectures, the version that the archive has too"),
    Package("debianutils", "essential, alternatives"),
    Package("dnsmasq", "services, isolation-container, a fresh system for each test"),
    Package("figlet", "alternatives, a test suite in the build"),
    Package("file", "C and Python, many binary packages"),
    Package("fping", "a program with capabilities"),
    Package("hello", "build-needed tests, quilt"),
    Package("hostname", "native, essential"),
    Package("less", "alternatives"),
    Package("libffi", "a library with a udeb and symbols"),
    Package("libgpg-error", "several architectures' packages, a udeb"),
    Package("libjson-perl", "Perl, pkg-perl's own tests"),
    Package("libmoo-perl", "Perl, pkg-perl's own tests, build dependencies of many kinds"),
    Package("liburi-perl", "Perl, pkg-perl's own tests"),
    Package("libyaml", "a library with symbols"),
    Package("libzstd", "a large source, a udeb"),
    Package("lsof", "C, tests that look at processes"),
    Package("lua5.4", "alternatives, a library with symbols"),
    Package("lz4", "a library with a udeb"),
    Package("lzo2", "a library with a udeb"),
    Package("mawk", "alternatives"),
    Package("memcached", "a service with an account of its own"),
    Package("netbase", "native, conffiles"),
    Package("patchutils", "C and Perl"),
    Package("setuptools", "Python, packages for all architectures"),
    Package("sl", "C, quilt"),
    Package("socat", "C, network tests in the build"),
    Package("tini", "C, a static program"),
    Package("tmux", "C, shells"),
    Package("xxhash", "C, a library with symbols"),
)

# Made here, for what those lack.
MADE = tuple(Package(name, has, origin=Origin.MADE) for name, has in made.PACKAGES.items())

# One for each kind of source that is not the tree.
EXAMPLES = tuple(Package(name, one.source, origin=Origin.EXAMPLE) for name, one in examples.PACKAGES.items())

# dist-git's layouts. They need each other in this order.
DIST_GIT = tuple(
    Package(
        name,
        "RDO's dist-git: no version, upstream is a project" if one.has_project else "Fedora's dist-git: sources",
        origin=Origin.DIST_GIT,
    )
    for name, one in distgit.PACKAGES.items()
)

# Quick ones: three of them that can be had are taken by a lab test, too.
QUICK = ("cowsay", "sl", "made-epoch", "made-alternatives", "made-triggers")


def chosen(names: Iterable[str]) -> tuple[Package, ...]:
    """The packages ``names``, all of them where there are none. Raises ``ValueError`` for one that is not here."""
    wanted = set(names)
    known = {package.name: package for package in (*ARCHIVE, *MADE, *EXAMPLES, *DIST_GIT)}
    if unknown := wanted - set(known):
        raise ValueError(f"no such package: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return tuple(package for name, package in known.items() if not wanted or name in wanted)
