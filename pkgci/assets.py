"""Where the files stand that travel with pkgci: ``puppet/``, ``hiera/`` and ``examples/``.

In a checkout they are folders beside the package; in an installed wheel they are inside it.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def asset(name: str) -> Path:
    """The folder ``name`` (``puppet``, ``hiera``, ``examples``) of this pkgci."""
    installed = _PACKAGE / "_assets" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
