"""By what pkgci knows a job as its own: a line in the description, and one in the command that the job runs.

Both name the site and the job. So a copy that somebody makes in Jenkins is not taken for pkgci's, and a job whose
description somebody changes still is. Jobs of an older pkgci have a parameter PKGCI_JOB in place of the command's line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from pkgci.jobs.normal import parse

_PARAMETER = "properties/hudson.model.ParametersDefinitionProperty/parameterDefinitions/*[name='PKGCI_JOB']"
_COMMAND = "builders/hudson.tasks.Shell/command"
_LINE = re.compile(r"^(?:# )?Made by pkgci from the site (\S+) as (\S+)\.", re.MULTILINE)


def mark(site: str, job: str) -> str:
    """The line that ends the description of ``job``."""
    return f"{mark_of_command(site, job)} Changes made here are overwritten."


def mark_of_command(site: str, job: str) -> str:
    """What a comment in the command of ``job`` says."""
    return f"Made by pkgci from the site {site} as {job}."


def is_marked(text: str, site: str, job: str) -> bool:
    """Whether ``text``, a description or a command, is that of the job ``job`` that pkgci made for ``site``."""
    return (site, job) in _LINE.findall(text)


def is_own(root: ElementTree.Element, site: str, job: str) -> bool:
    """Whether pkgci made the job ``job`` with the config.xml ``root`` for ``site``."""
    texts = (root.findtext("description"), *(item.text for item in root.iterfind(_COMMAND)))
    if any(is_marked(text or "", site, job) for text in texts):
        return True
    return any(item.findtext("defaultValue") == f"{site}/{job}" for item in root.iterfind(_PARAMETER))


def earlier_files(folder: Path, site: str) -> Iterator[str]:
    """The files in ``folder`` that pkgci wrote of jobs of ``site``."""
    for file in sorted(folder.glob("*.xml")):
        try:
            if is_own(parse(file.read_text(encoding="utf-8")), site, file.stem):
                yield file.name
        except (ElementTree.ParseError, OSError, UnicodeDecodeError):
            continue
