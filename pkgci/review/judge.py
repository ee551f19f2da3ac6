"""What the facts from Zuul's host, and an administrator's look where there is one, say of a Gerrit. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pkgci.model.known_hosts import HostKey, keys_of, name_at
from pkgci.model.site import Site
from pkgci.review.projects import ASK_ADMINISTRATOR, Seen, of_project
from pkgci.review.verdict import Judged, State, Verdict
from pkgci.review.wanted import Wanted, site_gerrit
from pkgci.review.words import BRANCHES, SERVICE_USERS, access_page, capabilities_page, group_page, title

# How far two clocks may be apart, in seconds.
_TOLERANCE = 30.0
# The statuses of clones that were too slow, or had no time to begin.
_NOT_ENDED = (124, None)


def judge(site: Site, wanted: Wanted, facts: Mapping[str, Any], keys: tuple[HostKey, ...], seen: Seen) -> Judged:
    """The verdicts on the site's Gerrit.

    ``facts`` are from Zuul's host (see ``on_host``), ``keys`` are Gerrit's host keys as the site knows them, ``seen``
    is what is known of its settings.
    """
    if facts["version"]["status"] != 0:
        return _refused(site, wanted, facts, keys)
    return Judged(
        (
            *_server(site, wanted, facts, keys),
            *_streams(wanted, facts["stream"], seen),
            *_service_user(wanted, facts["members"], seen),
            *(verdict for name in wanted.projects for verdict in _project(wanted, name, facts, seen)),
            *_clock(site, facts["web"]),
        )
    )


def _refused(site: Site, wanted: Wanted, facts: Mapping[str, Any], keys: tuple[HostKey, ...]) -> Judged:
    """Why Zuul does not get in."""
    gerrit, err = site_gerrit(site), facts["version"]["err"]
    place = f"{gerrit.host} port {gerrit.port}"
    if "shown" in facts:
        return Judged((_host_key(site, facts, keys),))
    if "Permission denied" in err:
        text = f"{place} does not let {wanted.user} in: there is no such account, or it has not Zuul's SSH key"
        where = f"SSH keys of the account {wanted.user}; the key: pkgci secrets show --public zuul/gerrit_ssh_key"
        return Judged((Verdict("login", "", State.MISSING, text, where),))
    words = _last(err) or f"exit status {facts['version']['status']}"
    lost = re.search(r"timed out|refused|No route|resolve|unreachable|no answer|closed by|reset", err, re.IGNORECASE)
    text = f"{place} does not answer Zuul: {words}"
    return Judged((Verdict("login", "", State.MISSING, text, "sshd of gerrit.config"),), reached=not lost)


def _host_key(site: Site, facts: Mapping[str, Any], keys: tuple[HostKey, ...]) -> Verdict:
    """Gerrit's host key is not one that Zuul believes."""
    gerrit = site_gerrit(site)
    name = name_at(gerrit.host, gerrit.port)
    shown, known = keys_of(name, facts["shown"]), keys_of(name, facts["known"])
    text = f"Gerrit shows {_listed(shown)}, Zuul believes {_listed(known)}"
    if set(shown) & set(keys):
        return Verdict("host key", "", State.MISSING, f"{text}; the site knows it", "pkgci bootstrap --role zuul")
    where = "if it is Gerrit's own: gerrit: {host_key: …} of the site, then pkgci bootstrap --role zuul"
    return Verdict("host key", "", State.MISSING, text, where)


def _listed(keys: tuple[HostKey, ...]) -> str:
    return ", ".join(str(key) for key in keys) or "none"


def _last(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1][:300]


def _server(site: Site, wanted: Wanted, facts: Mapping[str, Any], keys: tuple[HostKey, ...]) -> Iterator[Verdict]:
    gerrit = site_gerrit(site)
    version = facts["version"]["out"].strip().removeprefix("gerrit version ")
    yield Verdict("login", "", State.OK, f"Gerrit {version} lets {wanted.user} in")
    known = keys_of(name_at(gerrit.host, gerrit.port), facts["known"])
    if keys and not set(keys) & set(known):
        text = f"Zuul believes {_listed(known)}, the site says {_listed(keys)}"
        yield Verdict("host key", "", State.MISSING, text, "pkgci bootstrap --role zuul")
    else:
        yield Verdict("host key", "", State.OK, "as pinned on Zuul's host")


def _streams(wanted: Wanted, stream: Mapping[str, Any], seen: Seen) -> Iterator[Verdict]:
    name = title("streamEvents")
    if stream["status"] is None:
        yield Verdict(name, "", State.OK, f"{wanted.user} hears events")
    elif "not permitted" in stream["err"]:
        yield Verdict(
            name, "", State.MISSING, f"{wanted.user} lacks this global capability", capabilities_page(seen.root)
        )
    else:
        text = f"the stream ended at once: {_last(stream['err']) or 'without a word'}"
        yield Verdict(name, "", State.MISSING, text, "Gerrit's error_log says why")


def _service_user(wanted: Wanted, members: Mapping[str, Any], seen: Seen) -> Iterator[Verdict]:
    """A vote of an account that is no service user calls for somebody's attention; nothing else comes of it.

    ``members`` is what Gerrit lists to the account itself: it shows a group to its members.
    """
    live, listed = seen.live, [line.split("\t") for line in members["out"].splitlines() if "\t" in line]
    if live is None and any(wanted.user in columns[1:2] for columns in listed):
        yield Verdict(SERVICE_USERS, "", State.OK, f"{wanted.user} is a member")
    elif live is None:
        text = f"whether {wanted.user} is a member, Gerrit tells administrators only"
        yield Verdict(SERVICE_USERS, "", State.NOT_KNOWN, text, ASK_ADMINISTRATOR)
    elif live.account is None or SERVICE_USERS not in live.groups:
        return
    elif live.groups[SERVICE_USERS] in live.account.groups:
        yield Verdict(SERVICE_USERS, "", State.OK, f"{wanted.user} is a member")
    else:
        text = f"{wanted.user} is no member: each of its votes asks for people's attention"
        yield Verdict(SERVICE_USERS, "", State.MISSING, text, group_page(SERVICE_USERS))


def _project(wanted: Wanted, name: str, facts: Mapping[str, Any], seen: Seen) -> Iterator[Verdict]:
    heads = facts["heads"][name]
    if name not in facts["names"]["out"].splitlines():
        text = f"{wanted.user} sees no such project"
        where = f"BROWSE → Repositories: is it there? Then {title('read')} on refs/heads/*, in its Access"
        yield Verdict("project", name, State.MISSING, text, where)
        return
    branches = tuple(line.split()[1] for line in heads["out"].splitlines() if len(line.split()) == 2)
    yield _clone(wanted, name, heads, facts["clones"][name], seen)
    yield from of_project(wanted, name, branches, seen)


def _clone(wanted: Wanted, name: str, heads: Mapping[str, Any], clone: Mapping[str, Any], seen: Seen) -> Verdict:
    """Whether Zuul can clone a project, by a clone that it made."""
    if heads["status"] != 0:
        return Verdict("clone", name, State.MISSING, f"git says: {_last(heads['err'])}", "")
    if not clone["branch"] and seen.history(name).changes:
        text = f"{wanted.user} sees no branch, and there are changes: it may not read them"
        return Verdict("clone", name, State.MISSING, text, f"{access_page(name, BRANCHES)}: {title('read')}")
    if not clone["branch"]:
        text = f"it is empty: {wanted.user} sees no branch"
        where = f"push a commit; or, if there are branches, {access_page(name, BRANCHES)}: {title('read')}"
        return Verdict("clone", name, State.MISSING, text, where)
    if clone["status"] == 0:
        return Verdict("clone", name, State.OK, f"{wanted.user} clones it: {clone['branch']}")
    if clone["status"] in _NOT_ENDED:
        text = f"whether {wanted.user} can clone {clone['branch']}: {_last(clone['err'])}"
        return Verdict("clone", name, State.NOT_KNOWN, text, "run it again when Gerrit has less to do", decides=True)
    return Verdict("clone", name, State.MISSING, f"git says: {_last(clone['err'])}", "")


def _clock(site: Site, web: Mapping[str, Any]) -> Iterator[Verdict]:
    host, ahead = "Zuul's host", web.get("ahead")
    if ahead is None:
        why = web.get("error") or f"HTTP status {web['status']}"
        text = f"{site_gerrit(site).url or 'its web address'} tells no time: {why}"
        yield Verdict("clock", "", State.NOT_KNOWN, text, "gerrit: {url: …} of the site, from Zuul's host")
    elif abs(ahead) > _TOLERANCE:
        text = f"{host} is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} Gerrit"
        yield Verdict("clock", "", State.MISSING, text, "timedatectl, on both")
    else:
        yield Verdict("clock", "", State.OK, f"{host} and Gerrit agree to {max(1, round(abs(ahead)))} s")
