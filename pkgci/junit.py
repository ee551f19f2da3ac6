"""Verdicts as a JUnit XML report, the format that Jenkins and every other CI reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from pkgci.legible import legible


@dataclass(frozen=True)
class Case:
    """One verdict: ``failure`` is None where all is as declared, else what is not."""

    group: str
    name: str
    failure: str | None = None


def junit_xml(suite: str, cases: Sequence[Case]) -> str:
    """The report of ``cases`` as one test suite. XML holds whatever hosts have said, but their controls."""
    failures = sum(case.failure is not None for case in cases)
    root = ET.Element("testsuites")
    element = ET.SubElement(
        root, "testsuite", name=legible(suite), tests=str(len(cases)), failures=str(failures), errors="0"
    )
    for case in cases:
        node = ET.SubElement(element, "testcase", classname=legible(case.group), name=legible(case.name))
        if case.failure is not None:
            words = legible(case.failure)
            ET.SubElement(node, "failure", message=words.partition("\n")[0]).text = words
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
