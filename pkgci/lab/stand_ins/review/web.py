"""The HTTPS side: pages, git for those who only read (git's own http-backend), and the lab's apt source."""

from __future__ import annotations

import logging
import re
import shutil
import ssl
import threading
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from pkgci.lab.stand_ins.review import gitweb, rest
from pkgci.lab.stand_ins.review.model import RefusedError, UnfitError
from pkgci.lab.stand_ins.review.pages import change_page, changes_page, error_page
from pkgci.lab.stand_ins.review.records import change_url
from pkgci.lab.stand_ins.review.review import Review

log = logging.getLogger(__name__)

COMMIT_MSG = Path(__file__).parent / "commit-msg"

_PLAIN = "text/plain;charset=iso-8859-1"
_GIT = re.compile(r"/(?:p/)?(?P<project>.+?)(?:\.git)?/(?P<service>info/refs|HEAD|git-upload-pack)")
_CHANGE_JSON = re.compile(r"/changes/(?:.+~)?(?P<number>\d+)(?P<detail>/detail)?")
# Where the rest of Gerrit's REST API begins.
_REST = ("/changes/", "/projects/", "/accounts/", "/groups/", "/config/", "/plugins/", "/access/")
_CHANGE = re.compile(r"/(?:c/(?:.+/\+/)?|#/c/)?(?P<number>\d+)(?:/.*)?")
# What a client sends to fetch: its commits, and what it wants. Megabytes only from somebody who means no good.
_LARGEST_REQUEST = 16 << 20
_TIMEOUT = 60


class WebServer(ThreadingHTTPServer):
    """Serves ``review`` and, below /jenkins/, the files in ``packages``."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, review: Review, packages: Path, port: int, certificate: Path, key: Path) -> None:
        self.review = review
        self.packages = packages
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        super().__init__(("", port), _Handler)

    def get_request(self) -> tuple[socket, Any]:
        connection, address = super().get_request()
        connection.settimeout(_TIMEOUT)
        # The handshake is done by the thread of the connection: a client that dawdles holds up nobody else.
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("a connection from %s ended early", client_address, exc_info=True)


def serve_in_background(server: WebServer) -> None:
    """Serves until the program ends."""
    threading.Thread(target=server.serve_forever, daemon=True, name="web").start()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: WebServer
    protocol_version = "HTTP/1.1"
    server_version = "pkgci-review-stand-in"
    sys_version = ""
    timeout = _TIMEOUT

    def do_GET(self) -> None:
        self._guarded(self._get)

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        self._guarded(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        log.info("%s %s", self.address_string(), format % args)

    def _guarded(self, answer: Any) -> None:
        try:
            answer()
        except UnfitError as refusal:
            self._answer(HTTPStatus.NOT_IMPLEMENTED, _PLAIN, f"{refusal}\n".encode())
        except RefusedError as refusal:
            self._page(HTTPStatus.NOT_FOUND, error_page("Not found", str(refusal)))
        except ConnectionError:
            self.close_connection = True
        except Exception:
            log.exception("%s", self.path)
            self._page(HTTPStatus.INTERNAL_SERVER_ERROR, error_page("Error", "The stand-in's journal has it."))

    def _get(self) -> None:
        parts = urlsplit(self.path)
        path, fields = unquote(parts.path), parse_qs(parts.query)
        review = self.server.review
        if path.startswith("/jenkins/"):
            self._file(path.removeprefix("/jenkins/"))
        elif path.startswith("/a/"):
            self._with_login()
        elif path == "/tools/hooks/commit-msg":
            self._answer(HTTPStatus.OK, "text/x-sh", COMMIT_MSG.read_bytes())
        elif match := _GIT.fullmatch(path):
            self._git(match["project"], match["service"], parts.query, b"")
        elif path == "/" or path.startswith("/q/"):
            search = fields.get("q", [path.removeprefix("/q/").strip("/")])[0]
            self._page(HTTPStatus.OK, changes_page(review, search or "status:open OR status:closed"))
        elif path == "/config/server/version":
            self._json(rest.version())
        elif path == "/projects/":
            self._json(rest.projects(review))
        elif match := _CHANGE_JSON.fullmatch(path):
            self._change_json(int(match["number"]), detailed=bool(match["detail"]))
        elif path.rstrip("/") == "/Documentation":
            self._redirect(f"{review.base}/Documentation/index.html")
        elif path.startswith(_REST):
            raise UnfitError(f"the REST API at {path}")
        elif match := _CHANGE.fullmatch(path):
            change = review.change(int(match["number"]))
            wanted = change_url("", change)
            page = change_page(review, change)
            if path.rstrip("/") == wanted:
                self._page(HTTPStatus.OK, page)
            else:
                self._redirect(quote(f"{change_url(review.base, change)}/", safe=":/+"))
        else:
            raise RefusedError(f"there is no page {path}")

    def _with_login(self) -> None:
        """Gerrit's answer to who comes without a login; nobody can log in here."""
        if self.headers.get("Authorization"):
            raise UnfitError("a login over HTTP")
        headers = {"WWW-Authenticate": 'Basic realm="Gerrit Code Review"'}
        self._answer(HTTPStatus.UNAUTHORIZED, _PLAIN, b"Unauthorized", headers)

    def _redirect(self, address: str) -> None:
        self._answer(HTTPStatus.FOUND, "text/plain", b"", {"Location": address})

    def _post(self) -> None:
        match = _GIT.fullmatch(unquote(urlsplit(self.path).path))
        body = self._body()
        if match is None or match["service"] != "git-upload-pack":
            raise UnfitError(f"a POST to {self.path}; pushes go over SSH")
        self._git(match["project"], match["service"], "", body)

    def _body(self) -> bytes:
        """The request's body, also in chunks. Raises ``RefusedError`` where it is too large."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            length = int(self.headers.get("Content-Length") or 0)
            if length > _LARGEST_REQUEST:
                self.close_connection = True
                raise RefusedError("the request is too large")
            return self.rfile.read(length)
        parts: list[bytes] = []
        while size := int(self.rfile.readline(64).split(b";")[0] or b"0", 16):
            if size + sum(map(len, parts)) > _LARGEST_REQUEST:
                self.close_connection = True
                raise RefusedError("the request is too large")
            parts.append(self.rfile.read(size))
            self.rfile.readline(64)
        self.rfile.readline(64)
        return b"".join(parts)

    def _git(self, project: str, service: str, query: str, body: bytes) -> None:
        request = {
            "PATH_INFO": f"/{service}",
            "QUERY_STRING": query,
            "REQUEST_METHOD": "GET" if self.command == "HEAD" else self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_ADDR": self.client_address[0],
        }
        if project not in self.server.review.projects():
            self._answer(HTTPStatus.FORBIDDEN, gitweb.ADVERTISEMENT, gitweb.unavailable(project))
            return
        with gitweb.http_backend(self.server.review, project, request, body) as (status, headers, pack):
            # How long the answer is, nobody knows before it ends.
            self.close_connection = True
            self._head(status, headers | {"Connection": "close"})
            if self.command != "HEAD":
                shutil.copyfileobj(pack, self.wfile)

    def _json(self, answer: object) -> None:
        headers = {"Content-Disposition": "attachment"}
        self._answer(HTTPStatus.OK, "application/json;charset=utf-8", rest.body(answer), headers)

    def _change_json(self, number: int, *, detailed: bool) -> None:
        review = self.server.review
        change = review.changes.get(number)
        if change is None or change.private or not review.policy(change.project).anonymous_read:
            self._answer(HTTPStatus.NOT_FOUND, _PLAIN, f"Not found: {number}\n".encode())
        else:
            self._json(rest.change_info(review, change, detailed=detailed))

    def _file(self, name: str) -> None:
        """A file of the apt source. Raises ``RefusedError`` where it has none of that name."""
        root = self.server.packages.resolve()
        path = (root / name).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise RefusedError(f"the apt source has no file {name}")
        changed = int(path.stat().st_mtime)
        since = self.headers.get("If-Modified-Since")
        headers = {"Last-Modified": formatdate(changed, usegmt=True)}
        if since and parsedate_to_datetime(since).timestamp() >= changed:
            self._answer(HTTPStatus.NOT_MODIFIED, "", b"", headers)
        else:
            self._answer(HTTPStatus.OK, "application/octet-stream", path.read_bytes(), headers)

    def _page(self, status: HTTPStatus, text: str) -> None:
        policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'"
        self._answer(status, "text/html; charset=utf-8", text.encode(), {"Content-Security-Policy": policy})

    def _answer(self, status: HTTPStatus, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        length = {} if status is HTTPStatus.NOT_MODIFIED else {"Content-Type": kind, "Content-Length": str(len(body))}
        self._head(status, length | (headers or {}))
        if self.command != "HEAD" and status is not HTTPStatus.NOT_MODIFIED:
            self.wfile.write(body)

    def _head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"X-Pkgci-Stand-In": "review", "X-Content-Type-Options": "nosniff"}).items():
            self.send_header(name, value)
        self.end_headers()
