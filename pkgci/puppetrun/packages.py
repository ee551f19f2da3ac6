"""Which of the distribution's packages hold the Puppet modules that a Puppetfile names."""

from __future__ import annotations

import re
from pathlib import Path

_MODULE = re.compile(r"""^\s*mod\s*\(?\s*['"]([A-Za-z0-9_]+)[-/]([A-Za-z0-9_]+)['"]""", re.MULTILINE)


def module_packages(puppetfile: Path) -> tuple[str, ...]:
    """The packages of the modules in ``puppetfile``, in its order: 'puppetlabs-stdlib' is in
    puppet-module-puppetlabs-stdlib. None where there is no such file."""
    if not puppetfile.is_file():
        return ()
    found = _MODULE.findall(puppetfile.read_text(encoding="utf-8"))
    return tuple(dict.fromkeys(f"puppet-module-{owner}-{name}".lower().replace("_", "-") for owner, name in found))
