"""Requests from the network to the application, and its answers back."""

from __future__ import annotations

import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .. import HEADER
from .app import App
from .messages import Request, Response, answer_text, redirect

_LOG = logging.getLogger(__name__)
_LARGEST_BODY = 16 << 20
_IDLE = 60.0
_CHUNK = 1 << 16


class Server(ThreadingHTTPServer):
    """Listens where the settings say. One thread for each connection; they end with the process."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: str, port: int, prefix: str, app: App) -> None:
        self.prefix, self.app = prefix, app
        super().__init__((address, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke: it was the client's."""
        _LOG.debug("a connection from %s broke", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "pkgci-stand-in"
    sys_version = ""
    timeout = _IDLE
    server: Server

    def do_GET(self) -> None:
        self._respond(with_body=True)

    def do_HEAD(self) -> None:
        self._respond(with_body=False)

    def do_POST(self) -> None:
        self._respond(with_body=True)

    def log_message(self, format: str, *arguments: Any) -> None:
        _LOG.debug("%s %s", self.address_string(), format % arguments)

    def _respond(self, *, with_body: bool) -> None:
        body = self._body()
        if body is None:
            return
        try:
            response = self._answer(body)
        except Exception:
            _LOG.exception("%s %s", self.command, self.path.partition("?")[0])
            response = answer_text("An error of pkgci's stand-in for Jenkins. Its log has the details.\n", 500)
            response = response.with_headers((HEADER, "jenkins"))
        self._send(response, with_body=with_body)

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length") or "0"
        if self.headers.get("Transfer-Encoding") or not length.isdecimal():
            self.send_error(411)
            self.close_connection = True
            return None
        if int(length) > _LARGEST_BODY:
            self.send_error(413)
            self.close_connection = True
            return None
        return self.rfile.read(int(length))

    def _answer(self, body: bytes) -> Response:
        prefix = self.server.prefix
        parts = urlsplit(self.path)
        if parts.path == prefix and prefix:
            return redirect(f"{prefix}/").with_headers((HEADER, "jenkins"))
        if not parts.path.startswith(f"{prefix}/"):
            return answer_text("Not found: Jenkins is at another address\n", 404).with_headers((HEADER, "jenkins"))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if self.headers.get_content_type() == "application/x-www-form-urlencoded":
            query |= dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
        request = Request(
            "GET" if self.command == "HEAD" else self.command,
            unquote(parts.path[len(prefix) :]),
            query,
            {name.lower(): value for name, value in self.headers.items()},
            body,
        )
        return self.server.app.handle(request)

    def _send(self, response: Response, *, with_body: bool) -> None:
        file = response.file.open("rb") if response.file is not None else None
        try:
            # The size now: a log that grows is sent up to here.
            length = file.seek(0, 2) if file is not None else len(response.body)
            # The words of the real one's web server.
            self.send_response(response.status, "Server Error" if response.status == 500 else None)
            self.send_header("Content-Type", response.content_type)
            for name, value in response.headers:
                self.send_header(name, value)
            if response.status != 204:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            if not with_body:
                return
            if file is None:
                self.wfile.write(response.body)
                return
            file.seek(0)
            while length > 0 and (data := file.read(min(length, _CHUNK))):
                self.wfile.write(data)
                length -= len(data)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True
        finally:
            if file is not None:
                file.close()
