"""Warm chroots and roots, a tarball per target and purpose: refreshed by a timer, made on demand where one is missing.

A tarball is plain (`tar -xf`), complete, and owned by root within: unpack it in a user namespace that has root. Whoever
needs one asks ``ensure``.
"""

from .kept import ensure
from .purpose import Purpose

__all__ = ["Purpose", "ensure"]
