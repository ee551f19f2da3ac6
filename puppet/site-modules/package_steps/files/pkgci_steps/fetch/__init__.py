"""Upstream's tarballs: fetched by an account that has nothing to lose, verified, and kept in a store by checksum.

A build asks for them, and has no network itself. Everything that is asked for may be a stranger's words.
"""

from __future__ import annotations

from pathlib import Path

# The account that fetches, and its store; Puppet makes both (source_store).
USER = "pkgci-fetch"
STORE = Path("/srv/pkgci/sources")
PROGRAM = Path("/usr/local/bin/pkgci-fetch-source")
