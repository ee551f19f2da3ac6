"""What an answer of Jenkins means, in words: pure functions of the answer. No word is lost, none is a password."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

import requests

from pkgci.errors import NothingReachedError, PkgciError

_LONGEST = 300
# Jenkins' name for who does not log in, and what it says to them.
_NOBODY, _NO_LOGIN = "anonymous", "Authentication required"
# Jenkins' classes, as its pages name their permissions.
_GROUPS = {"Hudson": "Overall", "Jenkins": "Overall", "Item": "Job", "Computer": "Agent"}
_STARTING = re.compile(r"getting ready to work|starting jenkins|jenkins is (?:re)?starting|restarting", re.IGNORECASE)


@dataclass(frozen=True)
class Door:
    """Whose answers are judged: Jenkins' address, with a slash at its end, and the account that asks."""

    url: str
    user: str


def is_starting(response: requests.Response) -> bool:
    """Whether Jenkins itself says that it is not ready yet."""
    return response.status_code == 503 and ("X-Jenkins" in response.headers or bool(_STARTING.search(response.text)))


def fault(response: requests.Response, door: Door) -> PkgciError | None:
    """The error that ``response`` is; None for a good answer, and for 404, of which the asker knows what it means."""
    status = response.status_code
    if status < 300 or status == 404:
        return None
    what = task(response.request.method or "GET", response.request.url or "")
    if status < 400:
        return _redirect(response, door, what)
    if status == 401:
        return PkgciError(
            f"{door.url}: Jenkins does not accept the password of '{door.user}' (401)",
            "`pkgci bootstrap --role jenkins_master` brings Jenkins the password of the site's secrets; "
            "the account is the first of jenkins.administrators",
        )
    if status == 403:
        return _refusal(response, door, what)
    if status == 503:
        if is_starting(response):
            return NothingReachedError(f"{door.url}: Jenkins is still starting", "run the same command again later")
        return NothingReachedError(
            f"{door.url}: the web server answers, but no Jenkins behind it (503)",
            "on its host: systemctl status jenkins",
        )
    if status in (502, 504):
        return NothingReachedError(
            f"{door.url}: the web server gets no whole answer from Jenkins ({status})",
            "on its host: journalctl -u jenkins",
        )
    hint = "on its host: journalctl -u jenkins" if status >= 500 else None
    return PkgciError(f"{door.url}: Jenkins does not {what} ({status}): {words(response)}", hint)


def _refusal(response: requests.Response, door: Door, what: str) -> PkgciError:
    """A 403 is never about a password: Jenkins knows who asks and says no, or it was not told who asks."""
    seen = response.headers.get("X-You-Are-Authenticated-As")
    if seen == _NOBODY or (seen is None and _NO_LOGIN in response.text):
        return PkgciError(
            f"{door.url}: asked to {what}, Jenkins sees no login (403), though pkgci sends that of '{door.user}'",
            "does a proxy in front of Jenkins take the Authorization header away?",
        )
    permission = response.headers.get("X-Required-Permission")
    why = f"the permission {_permission(permission)} is missing" if permission else words(response)
    return PkgciError(
        f"{door.url}: '{door.user}' may not {what} (403): {why}",
        "the first of jenkins.administrators in the site file must be an administrator of Jenkins, "
        "and the web server must let this machine in",
    )


def _permission(name: str) -> str:
    """A permission as Jenkins' pages name it: Job/Configure, where the answer says hudson.model.Item.Configure."""
    *_, group, action = f".{name}".split(".")
    return f"{_GROUPS.get(group, group)}/{action}"


def _redirect(response: requests.Response, door: Door, what: str) -> PkgciError | None:
    target = response.headers.get("Location", "")
    inside = target.startswith(door.url) or target.startswith(urlsplit(door.url).path)
    if inside and response.request.method == "POST" and "login" not in target.lower():
        # What was asked for is done; a browser would go on to look at it.
        return None
    return PkgciError(
        f"{door.url}: asked to {what}, Jenkins sends elsewhere ({response.status_code}): {_shortened(target)}",
        f"is this the right address, and does '{door.user}' log in with a password there?",
    )


def words(response: requests.Response) -> str:
    """What Jenkins says in an error: its own line if there is one, else the beginning of its page's text."""
    line = response.headers.get("X-Error")
    if line:
        return _shortened(line)
    text = response.text
    body = re.sub(r"(?is)<(script|style|head)\b.*?</\1\s*>", " ", text) if "<" in text else text
    plain = _shortened(html.unescape(re.sub(r"(?s)<[^>]*>", " ", body)))
    title = re.search(r"(?is)<title>(.*?)</title>", text)
    return plain or (_shortened(html.unescape(title.group(1))) if title else "") or response.reason or "no word"


def is_page(text: str) -> bool:
    """Whether ``text`` is a page for people in place of data."""
    return re.match(r"(?is)\ufeff?\s*(<!doctype html|<html)", text) is not None


def page_error(text: str, door: Door, what: str) -> PkgciError:
    """For a page where data was asked for."""
    title = re.search(r"(?is)<title>(.*?)</title>", text)
    name = f" ('{_shortened(html.unescape(title.group(1)))}')" if title else ""
    return PkgciError(
        f"{door.url}: asked to {what}, Jenkins answers with a page{name}, not with data",
        "is there a proxy or a login page in between?",
    )


def cut_off(door: Door, what: str) -> PkgciError:
    """For an answer that ends before its end."""
    return PkgciError(f"{door.url}: asked to {what}, Jenkins sent a truncated response", "run the same command again")


def task(method: str, url: str) -> str:
    """What a request asks for, as in 'change the job hello-build'."""
    parts = urlsplit(url)
    if parts.path.endswith("/createItem"):
        return f"create the job {''.join(parse_qs(parts.query).get('name', ['?']))}"
    job = re.search(r"/job/([^/]+)/(.*)", parts.path)
    if job is None:
        return (
            "list its nodes" if "/computer/" in parts.path else "list its jobs" if "/api/" in parts.path else "answer"
        )
    doing = {"doDelete": "delete", "config.xml": "change" if method == "POST" else "show"}.get(job.group(2), "show")
    return f"{doing} the job {unquote(job.group(1))}"


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
