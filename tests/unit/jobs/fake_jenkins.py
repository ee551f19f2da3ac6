"""A Jenkins for tests: the REST calls that pkgci makes, from memory, and every way in which they can go wrong."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree


class FakeJenkins:
    """Jobs by name, the requests so far, and what goes wrong: ``wrong`` may answer a request, by returning True."""

    def __init__(self) -> None:
        self.jobs: dict[str, str] = {}
        self.nodes: list[dict[str, object]] = []
        self.requests: list[str] = []
        self.wrong: Callable[[Handler], bool] = lambda _: False
        self.url = ""
        self.lock = threading.Lock()

    def writes(self) -> list[str]:
        return [request for request in self.requests if request.startswith("POST")]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    # Without this an answer in two parts waits for the delayed acknowledgement of the first: 40 ms a request.
    wbufsize = -1
    disable_nagle_algorithm = True
    fake: FakeJenkins

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def answer(self, status: int, body: str = "", *headers: tuple[str, str]) -> bool:
        data = body.encode()
        self.send_response(status)
        for name, value in (("X-Jenkins", "2.568.2"), ("Content-Length", str(len(data))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        return True

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        with self.fake.lock:
            self.fake.requests.append(f"{self.command} {self.path}")
        if not self.fake.wrong(self):
            self._do(urlsplit(self.path), body)

    def _do(self, url: object, body: str) -> None:
        fake, path = self.fake, urlsplit(self.path).path
        job = re.fullmatch(r"/jenkins/job/([^/]+)/(.*)", path)
        if path == "/jenkins/crumbIssuer/api/json":
            self.answer(200, json.dumps({"crumbRequestField": "Jenkins-Crumb", "crumb": "c"}))
        elif path == "/jenkins/api/json":
            listed = [
                {"name": name, "description": ElementTree.fromstring(xml).findtext("description"), "buildable": True}
                for name, xml in fake.jobs.items()
            ]
            self.answer(200, json.dumps({"jobs": listed}))
        elif path == "/jenkins/computer/api/json":
            self.answer(200, json.dumps({"computer": fake.nodes}))
        elif path == "/jenkins/createItem":
            name = parse_qs(urlsplit(self.path).query)["name"][0]
            if name in fake.jobs:
                self.answer(400, "", ("X-Error", f"A job already exists with the name '{name}'"))
            else:
                fake.jobs[name] = body
                self.answer(200)
        elif job is None or unquote(job.group(1)) not in fake.jobs:
            self.answer(404, "<html><title>Not Found</title></html>")
        else:
            self._job(unquote(job.group(1)), job.group(2), body)

    def _job(self, name: str, what: str, body: str) -> None:
        fake = self.fake
        if what == "config.xml" and self.command == "GET":
            self.answer(200, fake.jobs[name], ("Content-Type", "application/xml"))
        elif what == "config.xml":
            fake.jobs[name] = body
            self.answer(200)
        elif what == "doDelete":
            del fake.jobs[name]
            self.answer(302, "", ("Location", f"{fake.url}"))
        else:
            self.answer(200, json.dumps({"name": name}))


@contextmanager
def serving(
    fake: FakeJenkins, address: tuple[str, int] = ("127.0.0.1", 0), certificate: Path | None = None
) -> Iterator[FakeJenkins]:
    """Serves ``fake`` at ``address``; with TLS where there is a ``certificate`` (a PEM file with its key)."""
    server = ThreadingHTTPServer(address, type("Bound", (Handler,), {"fake": fake}))
    server.daemon_threads = True
    scheme = "http"
    if certificate is not None:
        scheme = "https"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    fake.url = f"{scheme}://127.0.0.1:{server.server_port}/jenkins/"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
