"""Which address does what, and for whom."""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from .. import HEADER
from ..config.faults import ConfigError, SyntaxFaultError
from ..controller import Controller
from ..jobs.store import JobError, UnknownJobError
from ..plugins import installed
from ..xml_text import XmlError
from . import api, tree
from .actions import Actions
from .messages import Refused, Request, Response, answer_json, answer_text
from .pages import Pages
from .resources import Resources
from .security import CRUMB_HEADER, SESSION

_CRUMB_XPATH = 'concat(//crumbRequestField,":",//crumb)'
_TOKENS = r"jenkins\.security\.ApiTokenProperty"


@dataclass(frozen=True)
class _Route:
    """One address. ``permissions``: one of them is needed. ``post``: the method, and that a crumb is needed."""

    pattern: re.Pattern[str]
    handler: Callable[..., Response]
    permissions: tuple[str, ...]
    post: bool = False


class App:
    """The stand-in's web application: ``handle`` answers a request."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._resources = Resources(controller)
        self._pages = Pages(controller)
        actions = Actions(controller)
        resources, pages = self._resources, self._pages
        read, job, view = "Overall/Read", "Job/Read", "View/Read"
        configure = ("Job/Configure", "Job/ExtendedRead")
        name, number = r"job/(?P<job>[^/]+)", r"(?P<number>\d+|last\w+)"
        self._routes = [
            _get("", pages.dashboard, read),
            _get("api/json", self._json(resources.root), read),
            _get("(?:login|securityRealm/commenceLogin)", pages.login),
            _get("(?:whoAmI|me)/api/json", self._json(resources.user)),
            _get("(?:whoAmI|me)", pages.who),
            _get("crumbIssuer/api/json", self._crumb),
            _get("crumbIssuer/api/xml", self._crumb_text),
            _get("static/(?P<name>[a-z.]+)", pages.static),
            _get("queue/api/json", self._json(resources.queue), read),
            _get(r"queue/item/(?P<number>\d+)/api/json", self._json(resources.item), read),
            _get("computer/api/json", self._json(resources.nodes), read),
            _get("computer/(?P<node>[^/]+)/api/json", self._json(resources.node), read),
            _get("computer/(?P<node>[^/]+)/(?:log|logText/progressiveText)", pages.node_log, "Agent/Connect"),
            _get("computer/(?P<node>[^/]+)", pages.node, read),
            _get("pluginManager/api/json", self._json(self._plugins), "Overall/SystemRead"),
            _get("configuration-as-code/?", pages.configuration, "Overall/SystemRead"),
            _get("view/(?P<view>[^/]+)/api/json", self._json(resources.view), view),
            _get("view/(?P<view>[^/]+)/config.xml", actions.view_config, "View/Configure", "View/Read"),
            _get("view/(?P<view>[^/]+)", pages.dashboard, view),
            _get(f"{name}/api/json", self._json(resources.job), job),
            _get(f"{name}/config.xml", actions.config, *configure),
            _get(f"{name}/{number}/api/json", self._json(resources.build), job),
            _get(f"{name}/{number}/consoleText", pages.console_text, job),
            _get(f"{name}/{number}/logText/progressiveText", pages.progressive, job),
            _get(f"{name}/{number}/console(?:Full)?", pages.console, job),
            _get(f"{name}/{number}/artifact/(?P<path>.+)", pages.artifact, job),
            _get(f"{name}/{number}", pages.build, job),
            _get(name, pages.job, job),
            _post("createItem", actions.create, "Job/Create"),
            _post("createView", actions.create_view, "View/Create"),
            _post("view/(?P<view>[^/]+)/config.xml", actions.change_view, "View/Configure"),
            _post("view/(?P<view>[^/]+)/doDelete", actions.delete_view, "View/Delete"),
            _post(f"{name}/config.xml", actions.change, "Job/Configure"),
            _post(f"{name}/doDelete", actions.delete, "Job/Delete"),
            _post(f"{name}/enable", actions.enable, "Job/Configure"),
            _post(f"{name}/disable", actions.disable, "Job/Configure"),
            _post(f"{name}/build", actions.build, "Job/Build"),
            _post(f"{name}/buildWithParameters", actions.build_with_parameters, "Job/Build"),
            _post(f"{name}/{number}/stop", actions.stop, "Job/Cancel"),
            _post(f"{name}/{number}/doDelete", actions.delete_build, "Run/Delete"),
            _post("queue/cancelItem", actions.cancel, "Job/Cancel"),
            _post("computer/(?P<node>[^/]+)/toggleOffline", actions.toggle_offline, "Agent/Disconnect"),
            _post("computer/(?P<node>[^/]+)/doDisconnect", actions.disconnect, "Agent/Disconnect"),
            _post("computer/(?P<node>[^/]+)/launchSlaveAgent", actions.launch, "Agent/Connect"),
            _post("quietDown", actions.quiet_down, "Overall/Administer"),
            _post("cancelQuietDown", actions.cancel_quiet_down, "Overall/Administer"),
            _post("safeRestart", actions.safe_restart, "Overall/Administer"),
            _post(f"(?:me|user/[^/]+)/descriptorByName/{_TOKENS}/generateNewToken", actions.token),
            _post("configuration-as-code/reload", actions.reload, "Overall/Administer"),
            _post("configuration-as-code/check", actions.check, "Overall/Administer"),
        ]

    def handle(self, request: Request) -> Response:
        """The answer to ``request``. It always carries Jenkins' version, and that this is a stand-in."""
        try:
            response = self._answer(request)
        except Refused as refusal:
            response = self._pages.refusal(request, refusal)
        except UnknownJobError as error:
            response = self._pages.refusal(request, Refused(HTTPStatus.NOT_FOUND, str(error)))
        except JobError as error:
            refused = Refused(HTTPStatus.BAD_REQUEST, str(error), ("X-Error", _header(str(error))))
            response = self._pages.refusal(request, refused)
        except (XmlError, ConfigError) as error:
            # The real one answers so, too: an exception in its code.
            response = self._pages.refusal(request, Refused(HTTPStatus.INTERNAL_SERVER_ERROR, str(error)))
        return response.with_headers(
            ("X-Jenkins", self._controller.settings.version),
            (HEADER, "jenkins"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
            ("X-Frame-Options", "sameorigin"),
        )

    def _answer(self, request: Request) -> Response:
        path = request.path.strip("/")
        if path == "reload-configuration-as-code":
            return self._reload_by_token(request)
        gate = self._controller.gate
        user = gate.user(request)
        other_method = False
        for route in self._routes:
            match = route.pattern.fullmatch(path)
            if match is None:
                continue
            if route.post != (request.method == "POST"):
                other_method = True
                continue
            if route.post:
                gate.check_crumb(request, user)
            if route.permissions:
                gate.require(user, *route.permissions)
            return route.handler(request, user, **match.groupdict())
        if other_method:
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"{request.method} is not how this is asked for")
        raise Refused(HTTPStatus.NOT_FOUND, "There is no such page, or pkgci's stand-in for Jenkins does not have it")

    def _json(self, data: Callable[..., api.Data]) -> Callable[..., Response]:
        def answer(request: Request, user: str, **parts: str) -> Response:
            found = data(request, user, **parts)
            wanted = request.query.get("tree")
            if wanted is None:
                return answer_json(found)
            try:
                return answer_json(tree.prune(found, tree.parse(wanted)))
            except tree.TreeError:
                raise Refused(HTTPStatus.BAD_REQUEST, f"tree: {wanted!r} cannot be read") from None

        return answer

    def _plugins(self, request: Request, user: str) -> api.Data:
        return {"plugins": [api.plugin_data(plugin) for plugin in installed(self._controller.settings.home)]}

    def _crumb(self, request: Request, user: str) -> Response:
        session = request.cookies.get(SESSION) or secrets.token_hex(16)
        crumb = self._controller.gate.crumb(user, session)
        data = {"_class": "hudson.security.csrf.DefaultCrumbIssuer", "crumb": crumb, "crumbRequestField": CRUMB_HEADER}
        cookie = f"{SESSION}={session}; Path={self._controller.settings.prefix or '/'}; HttpOnly; SameSite=Lax"
        if request.headers.get("x-forwarded-proto") == "https":
            cookie += "; Secure"
        return answer_json(data).with_headers(("Set-Cookie", cookie))

    def _crumb_text(self, request: Request, user: str) -> Response:
        """The form that scripts ask for: header and crumb in one line."""
        if request.query.get("xpath", "").replace(" ", "") != _CRUMB_XPATH:
            raise Refused(HTTPStatus.NOT_IMPLEMENTED, f"pkgci's stand-in for Jenkins knows one xpath: {_CRUMB_XPATH}")
        answer = self._crumb(request, user)
        found = json.loads(answer.body)
        text = f"{found['crumbRequestField']}:{found['crumb']}"
        return answer_text(text).with_headers(*answer.headers)

    def _reload_by_token(self, request: Request) -> Response:
        expected = self._controller.settings.reload_token
        if expected is None:
            raise Refused(HTTPStatus.NOT_FOUND, "CASC_RELOAD_TOKEN is not set")
        if request.method != "POST":
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "this is asked for with POST")
        if not hmac.compare_digest(request.query.get("casc-reload-token", "").encode(), expected.encode()):
            raise Refused(HTTPStatus.UNAUTHORIZED, "Invalid token received, not reloading configuration")
        try:
            self._controller.reload()
        except SyntaxFaultError:
            raise
        except ConfigError as error:
            said = self._controller.refusal(error)
            return answer_json({"status": "error", "message": f"Failed to reload configuration: {said}"})
        return answer_text("")


def _get(pattern: str, handler: Callable[..., Response], *permissions: str) -> _Route:
    return _Route(re.compile(pattern), handler, permissions)


def _post(pattern: str, handler: Callable[..., Response], *permissions: str) -> _Route:
    return _Route(re.compile(pattern), handler, permissions, post=True)


def _header(text: str) -> str:
    return "".join(letter if letter.isascii() and letter.isprintable() else " " for letter in text)
