"""A request and a response, apart from how they travel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Request:
    """A request. ``path`` is decoded, without Jenkins' prefix, and begins with '/'. Header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that came with it."""
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: value for name, separator, value in pairs if separator}


@dataclass(frozen=True)
class Response:
    """An answer. Where ``file`` is given, its content is the body."""

    status: int = HTTPStatus.OK
    body: bytes = b""
    content_type: str = "text/html;charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    file: Path | None = None

    def of_type(self, content_type: str) -> Response:
        """The same answer, said to be of another type."""
        return replace(self, content_type=content_type)

    def with_headers(self, *headers: tuple[str, str]) -> Response:
        """The same answer with more headers."""
        return replace(self, headers=(*self.headers, *headers))


class Refused(Exception):  # noqa: N818 - an answer, not a fault of the program.
    """Ends the handling of a request with an answer of this status."""

    def __init__(self, status: int, message: str, *headers: tuple[str, str]) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


def answer_json(data: Any, status: int = HTTPStatus.OK) -> Response:
    """``data`` as JSON, as narrow as the real one's."""
    return Response(status, json.dumps(data, separators=(",", ":")).encode(), "application/json;charset=utf-8")


def answer_text(text: str | bytes, status: int = HTTPStatus.OK) -> Response:
    """Plain text."""
    return Response(status, text if isinstance(text, bytes) else text.encode(), "text/plain;charset=utf-8")


def redirect(location: str, status: int = HTTPStatus.FOUND) -> Response:
    """The answer that leads to ``location``."""
    return Response(status, headers=(("Location", location),))
