"""``pkgci secrets``: make, list, show, rotate and set the site's secrets."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pkgci.cli.invocation import next_command, pasteable
from pkgci.cli.options import json_option, site_option, yes_option
from pkgci.cli.say import say, say_exactly
from pkgci.cli.streams import usable_width
from pkgci.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from pkgci.model.site import Site
    from pkgci.secrets.needs import Need
    from pkgci.secrets.store import SecretStore
    from pkgci.secrets.upkeep import Outcome

# More hosts than this are not named one by one in a command to type.
_NAMED_HOSTS = 4


@click.group(epilog="Example: pkgci secrets init && pkgci secrets show jenkins_master/admin_password")
def command() -> None:
    """Make, list, show, rotate and set the site's secrets.

    They stand encrypted in secrets/secrets.eyaml beside the site file, which belongs in version control. The key that
    opens them, secrets/keys/private_key.pkcs7.pem, does not: keep a copy of it in a safe place.
    """


@command.command(epilog="Example: pkgci secrets init --site mysite/site.yaml")
@site_option
@json_option
def init(site_file: Path, as_json: bool) -> int:
    """Make what is missing, and issue certificates again that expire soon or no longer fit the site.

    Nothing else is ever made anew. Run it again after hosts were added. What only you can give is named, with the
    command that takes it.
    """
    from pkgci.model.load import load_site
    from pkgci.secrets.store import SecretStore
    from pkgci.secrets.upkeep import complete

    site = load_site(site_file)
    first = not _folder(site).exists()
    with SecretStore.change(_folder(site), site.name) as store:
        outcome = complete(site, store, datetime.now(UTC))
        key = store.private_key_file
    if as_json:
        return _print_outcome(outcome)
    _show_changes(outcome)
    if outcome.not_needed:
        say(f"needed no more, and kept: {', '.join(outcome.not_needed)}", err=True)
    for need in outcome.to_give:
        say(f"still to be given: {need.remark}\n  {next_command('secrets set', need.name)}", err=True)
    if first:
        say(f"Keep a copy of {key} in a safe place: nothing else opens them.", err=True)
    _show_remarks(outcome)
    return ExitStatus.AS_DECLARED


@command.command("list", epilog="Example: pkgci secrets list")
@site_option
@json_option
def list_(site_file: Path, as_json: bool) -> int:
    """List the secrets: name, kind, when made, until when valid, and which hosts get them. Never a value."""
    from pkgci.cli.screen import print_json
    from pkgci.model.load import load_site
    from pkgci.secrets.needs import Kind, needs
    from pkgci.secrets.store import SecretStore

    site = load_site(site_file)
    wanted = needs(site)
    store = SecretStore.open(_folder(site))
    rows = [_described(name, wanted.get(name), store) for name in dict.fromkeys((*wanted, *store.names()))]
    if as_json:
        print_json(rows)
    else:
        _show_rows(rows, len(site.hosts))
    missing = [row["name"] for row in rows if row["missing"]]
    to_make = [name for name in missing if wanted[name].kind is not Kind.GIVEN]
    if to_make:
        say(f"missing: {', '.join(to_make)}\n  {next_command('secrets init')}", err=True)
    for name in missing:
        if name not in to_make:
            say(f"still to be given: {wanted[name].remark}\n  {next_command('secrets set', name)}", err=True)
    return ExitStatus.NOT_AS_DECLARED if missing else ExitStatus.AS_DECLARED


@command.command(epilog="Example: pkgci secrets show --public zuul/gerrit_ssh_key")
@site_option
@click.option("--public", is_flag=True, help="Print the public half: the SSH key line, or the certificates.")
@json_option
@click.argument("name")
def show(site_file: Path, public: bool, as_json: bool, name: str) -> int:
    """Print the secret NAME."""
    from pkgci.cli.screen import print_json
    from pkgci.model.load import load_site
    from pkgci.secrets.needs import needs
    from pkgci.secrets.store import SecretStore

    site = load_site(site_file)
    store = SecretStore.open(_folder(site))
    _check_name(name, (*needs(site), *store.names()))
    value = store.public(name) if public else store.secret(name)
    if as_json:
        print_json({"name": name, "public" if public else "secret": value})
    else:
        say_exactly(value, nl=not value.endswith("\n"))
    return ExitStatus.AS_DECLARED


@command.command(epilog="Examples: pkgci secrets rotate ssh/slave_build, pkgci secrets rotate release-key")
@site_option
@json_option
@click.option("--finish", is_flag=True, help="End the overlap that a rotation of a repository's key began.")
@yes_option
@click.argument("name")
def rotate(site_file: Path, as_json: bool, finish: bool, yes: bool, name: str) -> int:
    """Make the secret NAME anew. The hosts get it with the next bootstrap.

    A new certificate authority (tls/ca) issues every certificate again.

    The keys of the package repositories, release-key and review-key, are rotated in two steps, so that nobody who uses
    them is left behind: a new subkey joins the old one; with --finish, some weeks later, the old one signs no more.
    Each step is shown before it is done.
    """
    from pkgci.cli import rotate_key
    from pkgci.model.load import load_site
    from pkgci.secrets.needs import needs
    from pkgci.secrets.rotation import NAMES
    from pkgci.secrets.store import SecretStore
    from pkgci.secrets.upkeep import rotate as make_anew

    site = load_site(site_file)
    known = (*NAMES, *needs(site), *SecretStore.open(_folder(site)).names())
    _check_name(name, known)
    if name in (*NAMES, *NAMES.values()):
        outcome = rotate_key.rotate(site, _folder(site), NAMES.get(name, name), finish=finish, yes=yes, as_json=as_json)
    elif finish:
        raise UsageError(f"'{name}' is rotated in one step", next_command(finish=None))
    else:
        with SecretStore.change(_folder(site), site.name) as store:
            outcome = make_anew(site, store, name, datetime.now(UTC))
    if as_json:
        return _print_outcome(outcome)
    _show_changes(outcome)
    say(f"The hosts still have the old one: {_bootstrap(outcome.hosts, site)}", err=True)
    _show_remarks(outcome)
    return ExitStatus.AS_DECLARED


@command.command("set", epilog="Example: pkgci secrets set jenkins_master/ldap_password < password.txt")
@site_option
@json_option
@click.argument("name")
def set_(site_file: Path, as_json: bool, name: str) -> int:
    """Keep a value of yours as the secret NAME: one that only you can give, or a password that you choose.

    Prompts on a terminal; otherwise reads standard input. It is never an argument, which everybody on this machine
    could see.
    """
    from pkgci.model.load import load_site
    from pkgci.secrets.needs import needs
    from pkgci.secrets.store import SecretStore
    from pkgci.secrets.upkeep import give

    site = load_site(site_file)
    _check_name(name, tuple(needs(site)))
    value = _ask(name)
    with SecretStore.change(_folder(site), site.name) as store:
        outcome = give(site, store, name, value)
    if as_json:
        return _print_outcome(outcome)
    say(f"set     {name}")
    if outcome.hosts:
        say(f"The hosts get it with: {_bootstrap(outcome.hosts, site)}", err=True)
    return ExitStatus.AS_DECLARED


def _ask(name: str) -> str:
    try:
        if sys.stdin.isatty():
            text: str = click.prompt(name, hide_input=True, confirmation_prompt=True, err=True)
        else:
            text = sys.stdin.read().rstrip("\r\n")
        text.encode()
    except UnicodeError:  # which holds the value
        raise UsageError(f"cannot set '{name}': what was given is not UTF-8 text", "convert it: iconv") from None
    return text


def _folder(site: Site) -> Path:
    return site.directory / "secrets"


def _check_name(name: str, known: Sequence[str]) -> None:
    from pkgci.model.words import nearest

    if name not in known:
        raise UsageError(f"there is no secret '{name}'{nearest(name, known)}", "pkgci secrets list")


def _bootstrap(hosts: tuple[str, ...], site: Site) -> str:
    if len(hosts) > _NAMED_HOSTS or len(hosts) == len(site.hosts):
        return next_command("bootstrap")
    return next_command("bootstrap", hosts=hosts)


def _show_changes(outcome: Outcome) -> None:
    width = max((len(change.need.name) for change in outcome.changes), default=0)
    for change in outcome.changes:
        what = f"{'remade' if change.reason else 'made':<7} {change.need.name:<{width}}  {change.need.kind}"
        say(what + (f": {change.reason}" if change.reason else ""))
    say(f"{len(outcome.changes)} made, {outcome.kept} kept as they were")


def _show_remarks(outcome: Outcome) -> None:
    for change in outcome.changes:
        if change.need.remark:
            say(f"{change.need.name}: {pasteable(change.need.remark)}", err=True)


def _print_outcome(outcome: Outcome) -> int:
    from pkgci.cli.screen import print_json

    changes = [{"name": c.need.name, "kind": c.need.kind, "reason": c.reason} for c in outcome.changes]
    print_json(
        {
            "made": changes,
            "kept": outcome.kept,
            "not_needed": outcome.not_needed,
            "to_give": [need.name for need in outcome.to_give],
            "hosts": outcome.hosts,
        }
    )
    return ExitStatus.AS_DECLARED


def _described(name: str, need: Need | None, store: SecretStore) -> dict[str, Any]:
    from pkgci.secrets.needs import Kind

    entry = store.entry(name) if name in store.names() else None
    # What pkgci once made in place of what is to be given is not what the others know.
    missing = entry is None or (need is not None and need.kind is Kind.GIVEN and entry.made is not None)
    return {
        "name": name,
        "kind": need.kind if need else "not needed" if entry and entry.made else "own",
        "made": entry.made if entry else None,
        "expires": _expires(need, entry.public) if entry and entry.public else None,
        "hosts": need.holders if need else (),
        "public_half": need.readers if need else (),
        "missing": missing,
    }


def _expires(need: Need | None, public: str) -> str | None:
    """The last day of what has the public half ``public``; None where it has none."""
    from pkgci.secrets.certificates import expiry
    from pkgci.secrets.needs import Kind
    from pkgci.secrets.repository_keys import signing_subkeys

    if need is not None and need.kind is Kind.SIGNING_KEY:
        return signing_subkeys(public)[-1].expires.date().isoformat()
    return expiry(public).date().isoformat() if public.startswith("-----BEGIN CERTIFICATE") else None


def _show_rows(rows: list[dict[str, Any]], all_hosts: int) -> None:
    """Two lines a secret on a terminal, one line when piped."""
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        say(f"{row['name']:<{width}}  {row['kind']:<11}  {_when(row)}", nl=False)
        parts = [f"for {', '.join(row['hosts'])}"] if row["hosts"] else []
        if row["public_half"]:
            everyone = len(row["public_half"]) == all_hosts
            parts.append(f"public half for {'all hosts' if everyone else ', '.join(row['public_half'])}")
        if row["expires"]:
            parts.append(f"valid until {row['expires']}")
        text = "; ".join(parts)
        if sys.stdout.isatty():
            columns = usable_width(shutil.get_terminal_size().columns)
            lines = textwrap.wrap(text, columns - 1, initial_indent="    ", subsequent_indent="    ")
            say("".join(f"\n{line}" for line in lines))
        else:
            say(f"  {text}".rstrip())


def _when(row: dict[str, Any]) -> str:
    return "missing" if row["missing"] else row["made"] or "by hand"
