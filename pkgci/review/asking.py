"""From the session with Zuul's host to the facts that the program there finds."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from pkgci.model.site import Site
from pkgci.model.urls import gerrit_url
from pkgci.remote.errors import HostError
from pkgci.remote.session import Session
from pkgci.review.wanted import site_gerrit, wanted
from pkgci.review.words import SERVICE_USERS, short

# Where the profile of the role zuul puts it (puppet: module zuul), and whose it is.
_FOLDER, _UNIX = "/var/lib/zuul/.ssh", "zuul"
_LIMIT = 300.0


def request(site: Site) -> dict[str, Any]:
    """What the program on Zuul's host is asked."""
    gerrit, needs = site_gerrit(site), wanted(site, None)
    return {
        "unix": _UNIX,
        "folder": _FOLDER,
        "account": gerrit.user,
        "host": gerrit.host,
        "port": gerrit.port,
        "url": gerrit_url(site),
        "projects": list(needs.projects),
        "branches": [short(name) for name in needs.branches],
        "label": needs.ci_label.name,
        "group": SERVICE_USERS,
    }


def program(asked: dict[str, Any]) -> str:
    """The program for the standard input of Python."""
    text = (files(__package__) / "on_host.py").read_text(encoding="utf-8")
    return f"{text}\n\nmain(json.loads({json.dumps(asked)!r}))\n"


def ask(session: Session, site: Site) -> dict[str, Any]:
    """The facts about the site's Gerrit, as Zuul meets it. Raises ``HostError``."""
    done = session.run("python3 -I -", stdin=program(request(site)).encode(), at_least=_LIMIT)
    try:
        facts: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        said = done.stderr.strip().splitlines()[-1:] or [f"exit {done.status}"]
        raise HostError(session.host.name, f"pkgci's program on it failed: {said[0]}") from None
    if not facts["installed"]:
        raise HostError(
            session.host.name, "Zuul's key for Gerrit is not there", f"pkgci bootstrap --host {session.host.name}"
        )
    return facts
