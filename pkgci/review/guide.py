"""What the CI needs of a Gerrit that others run, as a text for its administrators: in Gerrit's own words and places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import indent, wrap

from pkgci.model.site import Site
from pkgci.model.urls import gerrit_url
from pkgci.review.labels import expression, made_label
from pkgci.review.wanted import Wanted, WantedLabel, site_gerrit
from pkgci.review.words import (
    ADMINISTRATORS,
    ALL_PROJECTS,
    BRANCHES,
    CONFIG,
    REGISTERED_USERS,
    REGISTERED_UUID,
    SERVICE_USERS,
    access_page,
    branch,
    capabilities_page,
    short,
    signed,
)

_WIDTH = 100


@dataclass(frozen=True)
class _Step:
    """One part of the text: its title, what to do, and what to type or to write."""

    title: str
    text: str
    code: str = ""
    after: str = ""


def guide(wanted: Wanted, site: Site, *, markdown: bool) -> str:
    """All that is wanted, step by step."""
    title = f"What the packaging CI {site.name} needs of {gerrit_url(site)}"
    intro = (
        f"Zuul, on the CI's own host, listens to this Gerrit as the account {wanted.user}, over SSH: it votes on "
        "changes, and submits those that have passed; it pushes nothing. Nothing but the following is needed; all of "
        "it is on the CI's own projects, but for the account and one capability."
    )
    parts = [f"# {title}" if markdown else f"{title}\n{'=' * len(title)}", _wrapped(intro)]
    for number, step in enumerate(_steps(wanted, site), 1):
        heading = f"{number}. {step.title}"
        parts.append(f"## {heading}" if markdown else f"{heading}\n{'-' * len(heading)}")
        parts.append(_wrapped(step.text))
        if step.code:
            parts.append(f"```\n{step.code}\n```" if markdown else indent(step.code, "    "))
        if step.after:
            parts.append(_wrapped(step.after))
    return "\n\n".join(parts) + "\n"


def _wrapped(text: str) -> str:
    return "\n".join(wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False))


def _steps(wanted: Wanted, site: Site) -> Iterator[_Step]:
    yield _account(wanted, site)
    yield _group(wanted, site)
    yield _capability(wanted)
    yield _projects(wanted, site)
    yield _access(wanted)
    yield _labels(wanted)
    yield _requirements(wanted)
    yield _check()


def _ssh(site: Site) -> str:
    gerrit = site_gerrit(site)
    return f"ssh -p {gerrit.port} ADMINISTRATOR@{gerrit.host} gerrit"


def _account(wanted: Wanted, site: Site) -> _Step:
    key = wanted.key or "KEY (the site has none yet: pkgci secrets init)"
    create = f"create-account --full-name Zuul --group \"'{SERVICE_USERS}'\" --ssh-key - {wanted.user}"
    return _Step(
        f"The account {wanted.user}",
        f"A member of the group {SERVICE_USERS} (so that its votes call for nobody's attention), with this SSH key:",
        f"{_ssh(site)} {create} <<'KEY'\n{key}\nKEY",
        f"Where the account is there already: {_ssh(site)} set-account --add-ssh-key - {wanted.user}; "
        f"{_ssh(site)} set-members --add {wanted.user} \"'{SERVICE_USERS}'\"",
    )


def _group(wanted: Wanted, site: Site) -> _Step:
    return _Step(
        f"The group {wanted.group}",
        f"The rights below are this group's, for the other members of {SERVICE_USERS} have nothing to submit.",
        f"{_ssh(site)} create-group {wanted.group} --owner {ADMINISTRATORS} --member {wanted.user}",
        "In the web interface: BROWSE → Groups → CREATE NEW.",
    )


def _capability(wanted: Wanted) -> _Step:
    return _Step(
        "Stream Events",
        f"{capabilities_page(ALL_PROJECTS)} → Stream Events: allow it to {SERVICE_USERS} (a new Gerrit does) or to "
        f"{wanted.group}. In {CONFIG} of {ALL_PROJECTS}:",
        f"[capability]\n\tstreamEvents = group {wanted.group}",
    )


def _projects(wanted: Wanted, site: Site) -> _Step:
    made = [f"{_ssh(site)} create-project {name} --empty-commit{_branches(wanted)}" for name in wanted.projects]
    return _Step(
        "The projects",
        "BROWSE → Repositories → CREATE NEW, or, for those that are not there yet:",
        "\n".join(made) or "(the site has no projects yet)",
    )


def _branches(wanted: Wanted) -> str:
    return "".join(f" --branch {short(branch(name))}" for name in wanted.branches)


def _access(wanted: Wanted) -> _Step:
    lines = [f"{permission} = group {wanted.group}" for permission in wanted.rights]
    lines.append(f"label-{wanted.ci_label.name} = {wanted.ci_label.votes} group {wanted.group}")
    people = [label for label in wanted.labels if label.everybody and label.name != wanted.ci_label.name]
    lines += [f"label-{label.name} = {label.votes} group {REGISTERED_USERS}" for label in people]
    text = "\n".join((f'[access "{BRANCHES}"]', *(f"\t{line}" for line in lines)))
    groups = f"# the file groups beside it: UUID of {wanted.group} (BROWSE → Groups), then a tab\n"
    groups += f"{REGISTERED_UUID}\t{REGISTERED_USERS}"
    return _Step(
        "The rights, on each of these projects",
        f"{access_page('PROJECT', BRANCHES)}: Read, Submit, Label {wanted.ci_label.name}; the project's parent may "
        f"have them in its place. In {CONFIG}, on the branch refs/meta/config of each project:",
        f"{text}\n\n{groups}",
        "".join(
            f"Label {label.name} {signed(label.vote)} sends a change to the gate: give it to others than "
            f"{REGISTERED_USERS} where not everybody with an account may do that."
            for label in people
        ),
    )


def _labels(wanted: Wanted) -> _Step:
    return _Step(
        "The labels, on each of these projects",
        f"Where the project or a parent has them with these votes already, nothing is to be done. In {CONFIG}:",
        "\n\n".join(_label(label) for label in wanted.labels),
    )


def _label(label: WantedLabel) -> str:
    values = [f"\tvalue = {signed(vote)} {label.text(vote)}" for vote in range(label.votes.low, label.votes.high + 1)]
    return "\n".join((f'[label "{label.name}"]', "\tfunction = NoBlock", "\tdefaultValue = 0", *values))


def _requirements(wanted: Wanted) -> _Step:
    gates = [label for label in wanted.labels if label.gate is not None]
    texts = [
        f'[submit-requirement "{label.name}"]\n\tsubmittableIf = {_expression(label)}\n'
        "\tcanOverrideInChildProjects = true"
        for label in gates
    ]
    return _Step(
        "What a change needs to be submitted",
        f"In {CONFIG} of each project, not of All-Projects: there it would stop the projects that the CI does not vote "
        "on. Gerrit before 3.5 has no submit requirements: there, the labels have function = MaxWithBlock.",
        "\n\n".join(texts),
    )


def _expression(label: WantedLabel) -> str:
    return expression(label, made_label(label, "", None, None, requirements=True))


def _check() -> _Step:
    return _Step(
        "Whether it is enough",
        "The CI's people ask this, from Zuul's host and as Zuul; it changes nothing:",
        "pkgci verify-review",
    )
