"""A config.xml as the real one keeps it: as it was posted, until it saves the job itself.

Then it writes what it understood: its own order and indentation, empty elements and defaults of its own, XML 1.1, and
nothing of plugins that it does not have.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Container
from xml.sax.saxutils import escape, quoteattr

from ..xml_text import XmlError, parse_xml

_POSTED = b'<?xml version="1.0" encoding="UTF-8"?>'
_DECLARATION = re.compile(rb"\A\s*<\?xml[^>]*\?>\s*")
_ENCODING = re.compile(rb"encoding=['\"]([\w-]+)['\"]")
_SAVED = "<?xml version='1.1' encoding='UTF-8'?>\n"
# The order of a freestyle job's elements, and what stands there where nothing was posted; None: nothing does.
_ORDER: dict[str, str | None] = {
    "actions": "",
    "description": None,
    "keepDependencies": "false",
    "properties": "",
    "scm": None,
    "assignedNode": None,
    "canRoam": "false",
    "disabled": "false",
    "blockBuildWhenDownstreamBuilding": "false",
    "blockBuildWhenUpstreamBuilding": "false",
    "triggers": "",
    "concurrentBuild": "false",
    "builders": "",
    "publishers": "",
    "buildWrappers": "",
}
# What a kind of element gets where it was posted without it.
_DEFAULTS = {
    "hudson.model.StringParameterDefinition": (("description", ""), ("defaultValue", ""), ("trim", "false")),
    "hudson.tasks.Shell": (("configuredLocalRules", ""),),
}
# Texts, which are never written as an empty element.
_TEXTS = frozenset({"description", "defaultValue", "command", "name"})
# Parts of a job that plugins bring.
_EXTENSIONS = ("properties", "builders", "publishers", "buildWrappers")
_CORE = ("hudson.model.", "hudson.tasks.", "hudson.triggers.", "hudson.security.", "hudson.scm.", "jenkins.model.")
_PLUGINS = {
    "EnvInjectBuildWrapper": "envinject",
    "hudson.plugins.ansicolor.": "ansicolor",
    "hudson.plugins.build__timeout.": "build-timeout",
    "hudson.plugins.timestamper.": "timestamper",
    "hudson.plugins.ws__cleanup.": "ws-cleanup",
}


def as_posted(content: bytes) -> bytes:
    """``content`` as it is kept at first: the declaration is the real one's, the rest is left alone.

    Raises ``XmlError``.
    """
    declaration = _DECLARATION.match(content)
    encoding = _ENCODING.search(declaration[0]) if declaration else None
    try:
        text = content.decode(encoding[1].decode() if encoding else "utf-8")
    except (UnicodeDecodeError, LookupError) as error:
        raise XmlError(str(error)) from None
    return _POSTED + _DECLARATION.sub(b"", text.encode(), count=1).strip()


def as_saved(content: bytes, plugins: Container[str]) -> bytes:
    """``content`` as the real one with these ``plugins`` writes it. Raises ``XmlError``."""
    root = parse_xml(content)
    for name in _EXTENSIONS:
        part = root.find(name)
        for item in list(part) if part is not None else ():
            if part is not None and not _is_known(item, plugins):
                part.remove(item)
    for name, default in _ORDER.items():
        if default is not None and root.find(name) is None:
            ElementTree.SubElement(root, name).text = default
    root[:] = sorted(root, key=lambda item: _place(item.tag))
    for item in root.iter():
        for name, default in _DEFAULTS.get(item.tag, ()):
            if item.find(name) is None:
                ElementTree.SubElement(item, name).text = default
    triggers = root.find("triggers")
    if triggers is not None:
        triggers.attrib.pop("class", None)
    return (_SAVED + "\n".join(_lines(root, ""))).encode()


def _place(tag: str) -> int:
    names = list(_ORDER)
    return names.index(tag) if tag in names else len(names)


def _is_known(item: ElementTree.Element, plugins: Container[str]) -> bool:
    named = item.get("plugin")
    if named is not None:
        return named.partition("@")[0] in plugins
    plugin = next((plugin for prefix, plugin in _PLUGINS.items() if item.tag.startswith(prefix)), None)
    return plugin in plugins if plugin is not None else item.tag.startswith(_CORE)


def _lines(item: ElementTree.Element, indent: str) -> list[str]:
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in item.attrib.items())
    opening = f"{indent}<{item.tag}{attributes}"
    if len(item):
        inside = [line for child in item for line in _lines(child, f"{indent}  ")]
        return [f"{opening}>", *inside, f"{indent}</{item.tag}>"]
    text = item.text or ""
    if not text.strip() and item.tag not in _TEXTS:
        return [f"{opening}/>"]
    # A carriage return that stands for itself would be read as the end of a line.
    return [f"{opening}>{escape(text, {chr(13): '&#xd;'})}</{item.tag}>"]
