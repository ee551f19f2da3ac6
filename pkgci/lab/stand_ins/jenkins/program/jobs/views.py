"""Views: kept as they were posted, for those who deploy them. The stand-in's pages show all jobs."""

from __future__ import annotations

import threading
from pathlib import Path

from ..xml_text import parse_xml
from .store import JobError, UnknownJobError, check_name

# The view that is always there.
ALL = "all"


class ViewStore:
    """The views but ``all``."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "views"
        self._folder.mkdir(mode=0o750, exist_ok=True)
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """All views by name, ``all`` first."""
        return [ALL, *sorted(file.stem for file in self._folder.glob("*.xml"))]

    def config(self, name: str) -> bytes:
        """A view's config.xml. Raises ``UnknownJobError``."""
        try:
            return self._file(name).read_bytes()
        except OSError:
            raise UnknownJobError(f"no view is named {name!r}") from None

    def jobs(self, name: str) -> list[str]:
        """The jobs that a view names. Raises ``UnknownJobError``."""
        return [item.text or "" for item in parse_xml(self.config(name)).findall("jobNames/string")]

    def create(self, name: str, config: bytes) -> None:
        """Makes a view. Raises ``JobError`` and ``XmlError``."""
        if name in self.names():
            raise JobError(f"A view with name {name} already exists")
        self._put(name, config)

    def change(self, name: str, config: bytes) -> None:
        """Puts ``config`` in place of what the view has. Raises ``UnknownJobError`` and ``XmlError``."""
        self.config(name)
        self._put(name, config)

    def delete(self, name: str) -> None:
        """Deletes a view. Raises ``UnknownJobError``."""
        self.config(name)
        self._file(name).unlink(missing_ok=True)

    def _put(self, name: str, config: bytes) -> None:
        parse_xml(config)
        with self._lock:
            self._file(name).write_bytes(config)

    def _file(self, name: str) -> Path:
        check_name(name)
        return self._folder / f"{name}.xml"
