"""What an RPM package is, asked from rpm itself."""

from __future__ import annotations

from pathlib import Path

from ..programs import Programs
from ..status import Ended, Status
from .limited import limited

# The package's own data, whatever signatures it has. Neither keys nor a database of this host are asked.
_QUERY = ("rpm", "--query", "--package", "--nosignature", "--nodigest", "--queryformat")


def query(path: Path, formats: str, programs: Programs) -> str | None:
    """What rpm says of the package in ``path`` in the query format ``formats``; None where it can read no package."""
    status, text = programs.output(limited([*_QUERY, formats, path]), seconds=60)
    return text.decode(errors="replace") if status == 0 else None


def content(path: Path, programs: Programs) -> str:
    """The checksum of its header, which has that of the payload, but no signature."""
    text = query(path, "%{SHA256HEADER}", programs)
    if not text or len(text) != 64:
        raise Ended(Status.INFRASTRUCTURE, f"{path.name} has no checksum of its header")
    return text
