"""What a deployment would do, as far as it is known before it begins."""

from __future__ import annotations

import os
import queue
import socket
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pkgci.errors import PkgciError
from pkgci.model.flows import HTTP, HTTPS
from pkgci.model.plural import counted
from pkgci.model.roles import Role

if TYPE_CHECKING:
    from pkgci.deploy.items import WorkItem
    from pkgci.deploy.resume import Start
    from pkgci.model.site import Site

# How long Jenkins and Zuul may take to say how they are, in seconds: the plan does not wait for what is not there yet.
_PATIENCE = 15.0
_KNOCK = 2.0
# What the words about a work item begin with that would change nothing.
_NOTHING = "nothing"
_PORTS = {"http": HTTP.number, "https": HTTPS.number}


def lines(site: Site, start: Start, items: Sequence[WorkItem], known: dict[str, str], width: int) -> Iterator[str]:
    """The plan of which ``known`` is ``expected``, a paragraph for each work item, at most ``width`` columns wide."""
    from pkgci.deploy.items import ITEMS

    yield f"{site.name}: {_hosts(site)}. The deploy {start.why or 'does all of this, in this order'}:"
    for number, item in enumerate(items, 1):
        before = start.done.get(item.name)
        if before is not None:
            text = f"done at {before.began[11:16]} UTC"
        elif item in start.items:
            text = known.get(item.name, "")
        else:
            text = "left out"
        title = f"  {number}  {item.name:<{max(len(one.name) for one in ITEMS)}}  "
        yield from textwrap.wrap(text, width, initial_indent=title, subsequent_indent=" " * len(title))


def expected(site: Site, items: Sequence[WorkItem]) -> dict[str, str]:
    """Work item → what it would do. Jenkins and Zuul are asked where they answer."""
    asked: dict[str, Callable[[Site], str]] = {
        "deploy-review": _review,
        "deploy-jobs": _jobs,
        "deploy-pipelines": _pipelines,
    }
    found = {
        "verify-servers": f"looks at {_hosts(site)}: changes nothing",
        "bootstrap": f"applies Puppet to {_hosts(site)}: {', '.join(host.name for host in site.hosts)}",
        "verify-connectivity": f"tries {_connections(site)}: changes nothing",
        "verify-review": _verification(site),
    }
    names = [item.name for item in items]
    unknown = "not known before the bootstrap" if "bootstrap" in names else "not known: there is no answer"
    return found | _answers(site, {name: asked[name] for name in names if name in asked}, unknown)


def would_change(item: str, words: str, *, applied: bool) -> bool:
    """Whether a work item would change something, of which ``words`` say what is expected.

    ``applied``: the very same was brought to the hosts already.
    """
    if item == "bootstrap":
        return not applied
    return item.startswith("deploy-") and not words.startswith(_NOTHING)


def _answers(site: Site, asked: dict[str, Callable[[Site], str]], unknown: str) -> dict[str, str]:
    """Every answer that comes in time, side by side; ``unknown`` in place of the others."""
    told: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()

    def ask(name: str, question: Callable[[Site], str]) -> None:
        try:
            told.put((name, question(site)))
        except (PkgciError, OSError, LookupError, ValueError):
            told.put((name, unknown))

    for name, question in asked.items():
        threading.Thread(target=ask, args=(name, question), name=f"plan-{name}", daemon=True).start()
    answers = dict.fromkeys(asked, unknown)
    deadline = time.monotonic() + _PATIENCE
    for _ in asked:
        try:
            name, words = told.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        answers[name] = words
    return answers


def _hosts(site: Site) -> str:
    return counted(len(site.hosts), "host")


def _connections(site: Site) -> str:
    from pkgci.connectivity.matrix import assumed_operator, host_vantages, number_of_connections

    vantages = [*host_vantages(site), assumed_operator(site, frozenset({4}))]
    return f"{counted(number_of_connections(site, vantages), 'connection')} from {counted(len(vantages), 'place')}"


def _verification(site: Site) -> str:
    from pkgci.model.stand_ins import review_is_stand_in

    if site.gerrit is None or review_is_stand_in(site):
        return f"{_NOTHING}: " + ("the lab's stand-in needs no proof" if site.gerrit else "the site names no Gerrit")
    return f"asks {site.gerrit.host} as {site.gerrit.user}, from {site.with_role(Role.ZUUL)[0].name}: changes nothing"


def _review(site: Site) -> str:
    from pkgci.cli.deploy_review_show import summary
    from pkgci.model.stand_ins import review_is_stand_in
    from pkgci.review.login import PASSWORD_VARIABLE
    from pkgci.review.opening import NoLoginError, opened, place
    from pkgci.review.plan import make_plan
    from pkgci.review.server import GerritServer
    from pkgci.review.wanted import site_wanted

    if site.gerrit is None or review_is_stand_in(site):
        return f"{_NOTHING}: " + ("the lab's stand-in needs no settings" if site.gerrit else "the site names no Gerrit")
    wanted = site_wanted(site)
    url = urlsplit(place(site).url)
    socket.create_connection((place(site).address or url.hostname, url.port or _PORTS[url.scheme]), _KNOCK).close()
    try:
        with opened(site, os.environ.get(PASSWORD_VARIABLE), None) as gerrit:
            live = GerritServer(gerrit.connection).look(wanted.user, wanted.group, wanted.projects)
    except NoLoginError:
        return f"{_NOTHING}: {PASSWORD_VARIABLE} has no password; verify-review reports what is missing"
    plan = make_plan(wanted, live)
    return f"{_NOTHING} to do: Gerrit {summary(plan)}" if plan.as_wanted else summary(plan)


def _jobs(site: Site) -> str:
    from pkgci.jobs.deploy import plan_for
    from pkgci.jobs.plan import Action
    from pkgci.jobs.render import render_jobs
    from pkgci.jobs.server import open_server
    from pkgci.secrets.store import SecretStore

    master = site.with_role(Role.JENKINS_MASTER)[0]
    socket.create_connection((master.address, 443), _KNOCK).close()
    wanted = render_jobs(site)
    with open_server(site, SecretStore.open(site.directory / "secrets")) as server:
        plan = plan_for(site.name, wanted, server)
    verbs = {Action.ADDED: "added", Action.CHANGED: "changed", Action.RETIRED: "retired (left there)"}
    counts = {verb: len(plan.of(action)) for action, verb in verbs.items()}
    words = ", ".join(f"{count} {verb}" for verb, count in counts.items() if count) or f"{_NOTHING} to do"
    return f"{words} ({counted(plan.unchanged, 'job')} as declared)"


def _pipelines(site: Site) -> str:
    from pkgci.pipelines.deploy import look, plan, zuul_host
    from pkgci.pipelines.layout import render
    from pkgci.remote.session import open_session
    from pkgci.remote.trust import Trust

    if site.gerrit is None:
        return "nothing: the site names no Gerrit"
    layout = render(site)
    with open_session(site, zuul_host(site), Trust.of(site), timeout=_KNOCK) as session:
        planned = plan(layout, look(session, site, layout))
    if not planned.changes:
        return f"{_NOTHING} to do: Zuul runs with this layout"
    changed = sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in planned.diff)
    return (
        f"a layout with {counted(changed, 'changed line')}"
        if changed
        else "Zuul is made to read the layout that is there"
    )
