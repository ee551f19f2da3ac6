"""``pkgci verify-review``: does Gerrit let the CI do its work?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pkgci.cli.invocation import pasteable
from pkgci.cli.options import json_option, junit_option, one_host_options, site_option
from pkgci.cli.outputs import Output, also, check_one_result
from pkgci.cli.say import say
from pkgci.errors import ExitStatus, PkgciError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pkgci.model.site import Host, Site
    from pkgci.review.live import Live
    from pkgci.review.verdict import Judged, Verdict


@click.command(
    epilog="Examples: pkgci verify-review, pkgci verify-review --json, PKGCI_GERRIT_PASSWORD=… pkgci verify-review"
)
@site_option
@json_option
@junit_option
@one_host_options
def command(site_file: Path, as_json: bool, junit: Output | None, accept_new_host_keys: bool) -> int:
    """Prove that Gerrit lets the CI do its work: as the CI's account, from Zuul's host. Changes nothing.

    Login, host key, events, clones, branches, labels and their votes, rights, submit types, clocks. Who may submit,
    Gerrit tells administrators only: with the password of one in PKGCI_GERRIT_PASSWORD it is asked, too; without, the
    votes and submits on the newest changes count, and what they do not show is reported as not known: the last line
    says what is not proven. Exit 0: nothing is missing; 1: something is; 3: nothing answers.
    """
    from pkgci.cli.changes import tell_doubt
    from pkgci.cli.connect import site_trust
    from pkgci.cli.screen import print_json, remarks
    from pkgci.model.known_hosts import gerrit_keys
    from pkgci.model.load import load_site
    from pkgci.model.roles import Role
    from pkgci.model.stand_ins import review_is_stand_in
    from pkgci.remote.session import open_session
    from pkgci.review.asking import ask
    from pkgci.review.history import history
    from pkgci.review.judge import judge
    from pkgci.review.projects import Seen
    from pkgci.review.wanted import wanted

    check_one_result(junit, as_json)
    site = load_site(site_file)
    if site.gerrit is None or review_is_stand_in(site):
        why = "the site names no Gerrit" if site.gerrit is None else "the review is the lab's stand-in"
        with also(junit, lambda: _junit(site, ())) as shown:
            if shown and as_json:
                print_json({"site": site.name, "skipped": why, "as_needed": True, "proven": True, "verdicts": []})
            elif shown:
                say(f"nothing to verify: {why}")
        return ExitStatus.AS_DECLARED
    host = site.with_role(Role.ZUUL)[0]
    trust = site_trust(site, accept_new_host_keys)
    needs = wanted(site, None)
    with open_session(site, host, trust) as session, remarks().status(f"asking Gerrit from {host.name}") as status:
        facts = ask(session, site)
        status.update("asking Gerrit as its administrator, where that is possible")
        live, remark = _administrator(site)
        pages = facts.get("pages") or _pages(site, facts)
    known = site.directory / "known_hosts"
    keys = gerrit_keys(site, known.read_text(encoding="utf-8") if known.is_file() else "")
    changes = {name: history(told) for name, told in facts.get("changes", {}).items()}
    judged = _pasteable(judge(site, needs, facts, keys, Seen(live, pages, changes)))
    if judged.unproven:
        tell_doubt(f"Gerrit is {_not_proven(judged)}")
    with also(junit, lambda: _junit(site, judged.verdicts)) as shown:
        if shown and as_json:
            print_json({"site": site.name, "host": host.name, **_data(judged, remark)})
        elif shown:
            _show(judged, host, remark)
    if not judged.reached:
        return ExitStatus.NOTHING_REACHED
    return ExitStatus.AS_DECLARED if judged.as_needed else ExitStatus.NOT_AS_DECLARED


def _administrator(site: Site) -> tuple[Live | None, str]:
    """What Gerrit has, as its administrator sees it; None, and why, where nobody can log in from here."""
    from pkgci.cli.deploy_review_show import warn_of_anybody
    from pkgci.review.login import PASSWORD_VARIABLE, Way
    from pkgci.review.opening import NoLoginError, opened
    from pkgci.review.server import GerritServer
    from pkgci.review.wanted import wanted

    needs = wanted(site, None)
    try:
        with opened(site, os.environ.get(PASSWORD_VARIABLE), None) as gerrit:
            if gerrit.way is Way.BECOME:
                warn_of_anybody(gerrit.connection.url)
            return GerritServer(gerrit.connection).look(needs.user, needs.group, needs.projects), ""
    except NoLoginError:
        return None, ""
    except PkgciError as error:
        return None, error.message


def _pages(site: Site, facts: dict[str, Any]) -> dict[str, Any]:
    """What Gerrit shows to anybody on this machine, where Zuul gets in over SSH and Zuul's host sees no page of it."""
    from pkgci.review.anybody import pages
    from pkgci.review.connection import Connection
    from pkgci.review.opening import place

    if facts["version"]["status"] != 0:
        return {}
    with Connection(place(site)) as connection:
        return pages(connection, site.repositories)


def _junit(site: Site, verdicts: Iterable[Verdict]) -> str:
    from pkgci.junit import Case, junit_xml
    from pkgci.review.verdict import State

    cases = [
        Case(one.of or "Gerrit", one.subject, f"{one.text}; {one.where}" if one.state is State.MISSING else None)
        for one in verdicts
    ]
    return junit_xml(f"review of {site.name}", cases)


def _pasteable(judged: Judged) -> Judged:
    """The verdicts, with the commands in them for this site."""
    from dataclasses import replace

    verdicts = (replace(one, text=pasteable(one.text), where=pasteable(one.where)) for one in judged.verdicts)
    return replace(judged, verdicts=tuple(verdicts))


def _data(judged: Judged, remark: str) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "as_needed": judged.as_needed,
        "proven": judged.proven,
        "remark": remark or None,
        "verdicts": [asdict(verdict) for verdict in judged.verdicts],
    }


def _show(judged: Judged, host: Host, remark: str) -> None:
    """What holds in short, then what does not, with where it is set, then the sum."""
    from rich.text import Text

    from pkgci.cli.screen import output
    from pkgci.review.verdict import State

    console = output()
    styles = {State.MISSING: "red", State.NOT_KNOWN: "yellow"}
    for state in (State.OK, State.INFORMATION, State.NOT_KNOWN, State.MISSING):
        for verdict, projects in _alike(one for one in judged.verdicts if one.state is state):
            about = f"{verdict.subject} ({projects})" if projects else verdict.subject
            # Lines are for people to read and for grep: they are not folded.
            console.print(Text(f"{state:<11}  {about}: {verdict.text}", styles.get(state, "")), soft_wrap=True)
            if verdict.where and state is not State.INFORMATION:
                console.print(f"{'':<11}  → {verdict.where}", soft_wrap=True)
    if remark:
        say(f"an administrator was not asked: {remark}", err=True)
    style = "green" if judged.proven else "yellow" if judged.as_needed else "red"
    console.print(Text(_sum(judged, host), f"bold {style}"), soft_wrap=True)


def _alike(verdicts: Iterable[Verdict]) -> list[tuple[Verdict, str]]:
    """Verdicts that say the same of several projects, once, and the projects."""
    found: dict[tuple[str, str, str], list[Verdict]] = {}
    for one in verdicts:
        # Where something is set names the project: those that lack it are told one by one.
        place = one.where if one.of and one.of in one.where else ""
        found.setdefault((one.subject, one.text, place), []).append(one)
    return [(alike[0], _names([one.of for one in alike if one.of])) for alike in found.values()]


def _names(projects: list[str]) -> str:
    return ", ".join(projects[:3]) + (f" and {len(projects) - 3} more" if len(projects) > 3 else "")


def _sum(judged: Judged, host: Host) -> str:
    from pkgci.review.verdict import State

    missing = sum(one.state is State.MISSING for one in judged.verdicts)
    unknown = sum(one.state is State.NOT_KNOWN for one in judged.verdicts)
    good = sum(one.state is State.OK for one in judged.verdicts)
    words = f"{good} as needed, {unknown} not known, {missing} missing"
    return f"Gerrit, asked from {host.name}: {words}{f'; {_not_proven(judged)}' if judged.unproven else ''}"


def _not_proven(judged: Judged) -> str:
    """What decides and is not known, and what would prove it."""
    subjects = dict.fromkeys(verdict.subject for verdict in judged.unproven)
    ways = dict.fromkeys(verdict.where for verdict in judged.unproven)
    return f"NOT PROVEN: {', '.join(subjects)} ({'; '.join(ways)})"
