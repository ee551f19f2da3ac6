"""Warm chroots and roots of tests, per target and purpose: refreshed by a timer, made on demand where one is missing.

Whoever needs one asks ``ensure``, and gets a tarball for sbuild, or the link to a tree for layers on it (``layers``):
complete, owned by root of a user namespace, and never written to. Who uses a tree while another takes its place keeps
the old one.
"""

from .kept import ensure
from .purpose import Purpose

__all__ = ["Purpose", "ensure"]
