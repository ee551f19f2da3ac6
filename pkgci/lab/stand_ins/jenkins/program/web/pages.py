"""The pages that people see. Each says first that this is a stand-in."""

from __future__ import annotations

import time
import uuid
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2

from .. import TITLE
from ..controller import Controller
from ..jobs.record import Build
from ..plugins import installed
from . import api
from .messages import Refused, Request, Response, answer_text
from .resources import Resources
from .security import AUTHENTICATION_REQUIRED

_FOLDER = Path(__file__).parent / "templates"
_STATIC = {"style.css": "text/css;charset=utf-8", "console.js": "text/javascript;charset=utf-8"}
# What comes from a build is nobody's word: it is shown, and may do nothing.
_SANDBOX = ("Content-Security-Policy", "sandbox; default-src 'none'")
_CSP = ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'self'; base-uri 'none'")
_CHUNK = 1 << 20


class Pages:
    """One method for each page."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._resources = Resources(controller)
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"moment": moment, "duration": duration}

    def dashboard(self, request: Request, user: str, view: str | None = None) -> Response:
        """All jobs, the queue and the nodes."""
        controller = self._controller
        visible = controller.store.jobs() if controller.gate.may(user, "Job/Read") else []
        if view is not None and view != "all":
            names = controller.views.jobs(view)
            visible = [job for job in visible if job.name in names]
        rows = []
        for job in visible:
            builds = controller.store.builds(job.name)
            rows.append((job, builds[0] if builds else None, api.color(job, builds)))
        return self._page(
            "dashboard.html.j2",
            user,
            jobs=rows,
            queue=controller.scheduler.queue(),
            running=controller.scheduler.running(),
            agents=list(controller.agents.values()),
            message=controller.configuration.message,
            realm=controller.configuration.realm,
        )

    def job(self, request: Request, user: str, job: str) -> Response:
        """A job and its builds."""
        store = self._controller.store
        return self._page("job.html.j2", user, job=store.job(job), builds=store.builds(job)[:100])

    def build(self, request: Request, user: str, job: str, number: str) -> Response:
        """A build."""
        return self._page("build.html.j2", user, build=self._resources.find_build(job, number))

    def console(self, request: Request, user: str, job: str, number: str) -> Response:
        """A build's console, which goes on by itself while the build runs."""
        build = self._resources.find_build(job, number)
        return self._page("console.html.j2", user, build=build, running=build.result is None)

    def console_text(self, request: Request, user: str, job: str, number: str) -> Response:
        """A build's console as plain text."""
        build = self._resources.find_build(job, number)
        return Response(content_type="text/plain;charset=utf-8", file=self._log(build), headers=(_SANDBOX,))

    def progressive(self, request: Request, user: str, job: str, number: str) -> Response:
        """What a build has said since ``start``, a number of bytes."""
        text = request.query.get("start", "0")
        start = int(text) if text.isdecimal() else 0
        # Asked before the log is read: what is said between the two is not lost.
        build = self._resources.find_build(job, number)
        with self._log(build).open("rb") as log:
            log.seek(start)
            said = log.read(_CHUNK)
            if build.result is None or len(said) == _CHUNK:
                # Whole lines only: a letter may be longer than a byte, and must not be cut.
                said = said[: said.rfind(b"\n") + 1] or said
                log.seek(start + len(said))
            position, size = log.tell(), log.seek(0, 2)
        more = build.result is None or position < size
        return answer_text(said).with_headers(
            ("X-Text-Size", str(position)), _SANDBOX, *([("X-More-Data", "true")] if more else [])
        )

    def artifact(self, request: Request, user: str, job: str, number: str, path: str) -> Response:
        """One of a build's artifacts."""
        build = self._resources.find_build(job, number)
        if path not in build.artifacts:
            raise Refused(HTTPStatus.NOT_FOUND, f"{build.display_name} has no artifact {path!r}")
        kind = "text/plain;charset=utf-8" if path.endswith((".txt", ".log", ".json")) else "application/octet-stream"
        file = self._controller.store.folder_of(build) / "archive" / path
        return Response(content_type=kind, file=file, headers=(_SANDBOX,))

    def node(self, request: Request, user: str, node: str) -> Response:
        """A node."""
        agent = self._controller.agents.get(node)
        if agent is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"No node is named {node!r}")
        return self._page(
            "node.html.j2",
            user,
            agent=agent,
            config=api.node_config(agent.definition),
            running=self._resources.running_on(node),
        )

    def node_log(self, request: Request, user: str, node: str) -> Response:
        """What was said while the node was connected."""
        agent = self._controller.agents.get(node)
        if agent is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"No node is named {node!r}")
        return answer_text("".join(f"{line}\n" for line in agent.log)).with_headers(_SANDBOX)

    def configuration(self, request: Request, user: str) -> Response:
        """What was configured, without anything secret."""
        return self._page(
            "configuration.html.j2",
            user,
            configuration=self._controller.configuration,
            plugins=list(installed(self._controller.settings.home)),
        )

    def login(self, request: Request, user: str) -> Response:
        """How to log in: there is no form."""
        return self._page("login.html.j2", user, realm=self._controller.configuration.realm)

    def who(self, request: Request, user: str) -> Response:
        """Who asks."""
        return self._page("who.html.j2", user)

    def static(self, request: Request, user: str, name: str) -> Response:
        """A file that the pages need."""
        if name not in _STATIC:
            raise Refused(HTTPStatus.NOT_FOUND, f"There is no {name}")
        return Response(content_type=_STATIC[name], file=_FOLDER / name)

    def refusal(self, request: Request, refusal: Refused) -> Response:
        """The page that says why not."""
        status = HTTPStatus(refusal.status)
        prefix, asks = self._controller.settings.prefix, refusal.message == AUTHENTICATION_REQUIRED
        page = self._page(
            "refusal.html.j2",
            "",
            status=status.value,
            heading=f"Error 401 {status.phrase}" if status == HTTPStatus.UNAUTHORIZED else status.phrase,
            message=refusal.message,
            logging_id=uuid.uuid4() if status == HTTPStatus.INTERNAL_SERVER_ERROR else None,
            login=f"{prefix}/login?from={quote(prefix + request.path, safe='')}" if asks else None,
        )
        return Response(refusal.status, page.body, page.content_type, (*page.headers, *refusal.headers))

    def _page(self, template: str, user: str, **values: Any) -> Response:
        text = self._templates.get_template(template).render(
            title=TITLE,
            root=self._controller.settings.prefix,
            version=self._controller.settings.version,
            user=user,
            **values,
        )
        return Response(body=text.encode(), headers=(_CSP,))

    def _log(self, build: Build) -> Path:
        return self._controller.store.folder_of(build) / "log"


def moment(milliseconds: int) -> str:
    """A time, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(milliseconds / 1000))


def duration(milliseconds: int) -> str:
    """How long something took: ``4.2 s``, ``3 min 5 s``, ``2 h 4 min``."""
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = int(seconds) // 60
    return f"{minutes} min {int(seconds) % 60} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
