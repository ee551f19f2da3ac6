"""The Gearman plugin's own file, ``hudson.plugins.gearman.GearmanPluginConfig.xml``."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from ..xml_text import XmlError, parse_xml
from .faults import ConfigError, Fault

NAME = "hudson.plugins.gearman.GearmanPluginConfig.xml"
_ROOT = "hudson.plugins.gearman.GearmanPluginConfig"


@dataclass(frozen=True)
class Gearman:
    """Whether and where the plugin connects to Gearman. The defaults are the plugin's own."""

    enabled: bool = False
    host: str = "127.0.0.1"
    port: int = 4730


def read_gearman_file(home: Path) -> Gearman | None:
    """What the file in ``home`` says; None where there is none. Raises ``ConfigError`` for what cannot be read."""
    file = home / NAME
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    try:
        root = parse_xml(content)
        if root.tag != _ROOT:
            raise XmlError(f"the root element is <{root.tag}>, not <{_ROOT}>")
        return Gearman(
            enabled=_text(root, "enablePlugin", "false").lower() == "true",
            host=_text(root, "host", Gearman.host),
            port=_port(_text(root, "port", str(Gearman.port))),
        )
    except XmlError as error:
        raise ConfigError(Fault(str(file), str(error))) from None


def _text(root: ElementTree.Element, tag: str, default: str) -> str:
    return (root.findtext(tag) or default).strip()


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise XmlError(f"<port>: {text!r} is no port")
    return int(text)
