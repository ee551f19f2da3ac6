"""By what pkgci knows a job as its own: a line in the description, and the parameter PKGCI_JOB.

Both name the site and the job. So a copy that somebody makes in Jenkins is not taken for pkgci's, and a job whose
description somebody changes still is.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

_PARAMETER = "properties/hudson.model.ParametersDefinitionProperty/parameterDefinitions/*[name='PKGCI_JOB']"
_LINE = re.compile(r"^Made by pkgci from the site (\S+) as (\S+)\.", re.MULTILINE)


def mark(site: str, job: str) -> str:
    """The line that ends the description of ``job``."""
    return f"Made by pkgci from the site {site} as {job}. Changes made here are overwritten."


def is_marked(description: str, site: str, job: str) -> bool:
    """Whether ``description`` is that of the job ``job`` that pkgci made for ``site``."""
    return (site, job) in _LINE.findall(description)


def is_own(root: ElementTree.Element, site: str, job: str) -> bool:
    """Whether pkgci made the job ``job`` with the config.xml ``root`` for ``site``."""
    if is_marked(root.findtext("description") or "", site, job):
        return True
    return any(item.findtext("defaultValue") == f"{site}/{job}" for item in root.iterfind(_PARAMETER))
