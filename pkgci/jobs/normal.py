"""A job's config.xml in one form, whoever wrote it: what is equal to Jenkins is equal here.

Jenkins keeps the text that it was sent until somebody saves the job in its pages. Then it writes the job anew: in its
own order, with the version of each plugin and with every default. None of that is a change of the job.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

_DECLARATION = re.compile(r"^\ufeff?\s*<\?xml[^>]*\?>")
# XML 1.1, which Jenkins writes, may refer to control characters; Python's parser knows XML 1.0 only.
_CONTROL = re.compile(r"&#(?:x([0-9a-fA-F]+)|([0-9]+));")
_CONTROL_PICTURES = 0x2400
_ALLOWED = (0x9, 0xA, 0xD)

# What Jenkins (or a plugin of pkgci's list) has where a job does not say it: field → value.
_DEFAULTS: dict[str, frozenset[str]] = {
    field: frozenset(values)
    for field, *values in (
        ("keepDependencies", "false"),
        ("disabled", "false"),
        ("blockBuildWhenDownstreamBuilding", "false"),
        ("blockBuildWhenUpstreamBuilding", "false"),
        ("concurrentBuild", "false"),
        ("trim", "false"),
        ("numToKeep", "-1"),
        ("artifactDaysToKeep", "-1"),
        ("artifactNumToKeep", "-1"),
        ("removeLastBuild", "false"),
        ("allowEmptyArchive", "false"),
        ("onlyIfSuccessful", "false"),
        ("fingerprint", "false"),
        ("caseSensitive", "true"),
        ("defaultExcludes", "true"),
        ("followSymlinks", "true"),
    )
}
_NO_SOURCE = "hudson.scm.NullSCM"
# Fields of which jenkins-job-builder names the class, and Jenkins does not.
_CLASSLESS = frozenset({"triggers"})
# Lists in which the order has no meaning: Jenkins writes them in its own.
_UNORDERED = frozenset({"properties"})


def parse(text: str) -> ElementTree.Element:
    """The root of a config.xml. Raises ``ElementTree.ParseError`` where ``text`` is none.

    A document type is refused: no job has one, and with it go all tricks with entities.
    """
    if "<!DOCTYPE" in text:
        raise ElementTree.ParseError("it has a document type")
    return ElementTree.fromstring(_CONTROL.sub(_visible, _DECLARATION.sub("", text, count=1)))  # noqa: S314


def normal(root: ElementTree.Element) -> str:
    """The normal form of the job ``root``: indented text, without what Jenkins adds. ``root`` is used up."""
    _reduce(root)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _visible(reference: re.Match[str]) -> str:
    hexadecimal, decimal = reference.groups()
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return reference.group() if code >= 0x20 or code in _ALLOWED else chr(_CONTROL_PICTURES + code)


def _reduce(element: ElementTree.Element) -> None:
    """Takes away, in ``element`` and below, what says nothing; brings fields into one order."""
    element.attrib.pop("plugin", None)
    if element.tag in _CLASSLESS:
        element.attrib.pop("class", None)
    if len(element.attrib) > 1:
        element.attrib = dict(sorted(element.attrib.items()))
    element.tail = None
    if not len(element):
        if element.text is not None and not element.text.strip():
            element.text = None
        return
    if element.text is not None and not element.text.strip():
        element.text = None
    for child in element:
        _reduce(child)
    if _is_list(element):
        children = list(element)
    else:
        children = [child for child in element if not _says_nothing(child)]
        children.sort(key=lambda child: child.tag)
    if element.tag in _UNORDERED:
        children.sort(key=lambda child: child.tag)
    element[:] = children


def _is_list(element: ElementTree.Element) -> bool:
    """Whether the children are a list's items, in their order, and not an object's fields, which have names.

    XStream names items after their class, with its package or as `string`; a field occurs once, under a plain name.
    """
    tags = [child.tag for child in element]
    return len(set(tags)) != len(tags) or any("." in tag or tag in ("string", "entry") for tag in tags)


def _says_nothing(field: ElementTree.Element) -> bool:
    if len(field):
        return False
    if field.tag == "scm":
        return field.get("class") == _NO_SOURCE
    if field.attrib:
        return False
    return field.text is None or field.text.strip() in _DEFAULTS.get(field.tag, ())
