"""Variables in a configuration's texts: ``${NAME}``, ``${NAME:-default}``, ``${readFile:/path}``; ``^${literal}``."""

from __future__ import annotations

import base64
import binascii
import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path

_LOG = logging.getLogger(__name__)
# Innermost first: a variable may be in another one's name, as in ${readFile:${DIRECTORY}/key}.
_VARIABLE = re.compile(r"(?<!\^)\$\{([^${}]*)\}")
_LITERAL = "\0literal\0"


def expander(environment: Mapping[str, str], secrets: Path) -> Callable[[str], str]:
    """The function that fills in the variables of one text.

    A name is looked up among the files of ``secrets``, then in ``environment``. What is not known becomes an empty
    text, with a line in the log, as in the real one.
    """

    def value(expression: str) -> str:
        kind, colon, rest = expression.partition(":")
        if colon and kind in _LOOKUPS:
            try:
                return _LOOKUPS[kind](rest)
            except (OSError, ValueError, binascii.Error) as error:
                _LOG.warning("Configuration import: error looking up %s: %s", expression, error)
                return ""
        name, has_default, default = expression.partition(":-")
        try:
            return (secrets / name).read_text(encoding="utf-8").strip() if "/" not in name else ""
        except OSError:
            pass
        if name in environment:
            return environment[name]
        if not has_default:
            _LOG.warning("Configuration import: found unresolved variable %r. Will default to empty string", name)
        return default

    def expand(text: str) -> str:
        if "${" not in text:
            return text
        literals: list[str] = []

        def keep(match: re.Match[str]) -> str:
            literals.append(match.group(0)[1:])
            return f"{_LITERAL}{len(literals) - 1}\0"

        text = re.sub(r"\^\$\{[^{}]*\}", keep, text)
        # What a file or a variable holds is taken as it is: it is kept aside, too, so that it is not expanded again.
        while match := _VARIABLE.search(text):
            inserted = value(re.sub(rf"{_LITERAL}(\d+)\0", lambda found: literals[int(found[1])], match[1]))
            literals.append(inserted)
            text = f"{text[: match.start()]}{_LITERAL}{len(literals) - 1}\0{text[match.end() :]}"
        return re.sub(rf"{_LITERAL}(\d+)\0", lambda found: literals[int(found[1])], text)

    return expand


def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


_LOOKUPS: dict[str, Callable[[str], str]] = {
    "readFile": _read,
    "readFileBase64": lambda path: base64.b64encode(Path(path).read_bytes()).decode(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "decodeBase64": lambda text: base64.b64decode(text).decode(),
    "trim": str.strip,
}
