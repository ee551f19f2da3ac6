"""Which Zuul, gear and Python this package knows. It refuses any other one: it replaces parts of their code."""

import sys
from collections.abc import Iterable

__version__ = "1.0.0"

# The distributions whose modules are patched. A module's name is its distribution's.
KNOWN = {"zuul": "2.6.0", "gear": "0.16.0"}
# The oldest and the newest Python that Zuul's own tests pass on.
PYTHONS = ((3, 10), (3, 13))


class UnknownVersionError(SystemExit):
    """Zuul must not start. Ends the program with the reason on standard error, and without a traceback."""


def supported() -> str:
    """What this package knows, in words."""
    oldest, newest = (".".join(map(str, version)) for version in PYTHONS)
    return f"Zuul {KNOWN['zuul']} with gear {KNOWN['gear']} on Python {oldest} to {newest}"


def installed(name: str) -> str | None:
    """The version of the distribution ``name`` that is installed; None if there is none."""
    # Python runs this package at each start of a program, and few of them need to know.
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def problems(names: Iterable[str] = tuple(KNOWN), python: tuple[int, ...] = sys.version_info[:2]) -> list[str]:
    """What is installed here that this package does not know, of Python and of the distributions ``names``."""
    found = []
    if not PYTHONS[0] <= tuple(python[:2]) <= PYTHONS[1]:
        found.append(f"this is Python {'.'.join(map(str, python[:2]))}")
    for name in names:
        version, known = installed(name), KNOWN[name]
        if version is None:
            found.append(f"{name} is not installed as a package, so its version is unknown")
        elif version != known:
            found.append(f"{name} {version} is installed")
    return found


def check(module: str) -> None:
    """Raises ``UnknownVersionError`` if ``module``, which is about to be imported, is of a version that is not known.

    Zuul imports gear when it is a daemon already, which cannot tell anybody: both are checked when Zuul is imported.
    """
    if module not in KNOWN:
        return
    found = problems(KNOWN if module == "zuul" else [module])
    if found:
        words = "; ".join(found)
        raise UnknownVersionError(
            f"zuul_py3 {__version__} supports only {supported()}, but {words}.\n"
            f"Install the supported versions (pip install --no-deps zuul=={KNOWN['zuul']} gear=={KNOWN['gear']}), "
            "or a zuul-py3 that supports these."
        )
