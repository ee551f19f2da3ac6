"""``pkgci lab``: the site's hosts, made out of containers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.options import json_option, site_option
from pkgci.cli.say import say
from pkgci.cli.screen import Bytes, output, print_json, remarks
from pkgci.errors import ExitStatus

if TYPE_CHECKING:
    from pkgci.model.site import Host, Site


@click.group(epilog="Example: pkgci lab up && pkgci lab ssh zuul01")
def command() -> None:
    """Make the site's hosts out of containers, with systemd, sshd and a firewall of their own in each.

    A lab belongs to one site file, whose addresses lie in one /24 of 198.18.0.0/15. Docker must run on this machine.
    """


@command.command(epilog="Example: pkgci lab up --site examples/lab/site.yaml")
@site_option
def up(site_file: Path) -> int:
    """Make and start what is missing, until every host answers SSH. What runs already is left as it is."""
    import shlex
    import time

    from pkgci.assets import asset
    from pkgci.lab.lab import Lab
    from pkgci.model.load import load_site_with_files
    from pkgci.puppetrun.packages import module_packages

    started = time.monotonic()
    site = load_site_with_files(site_file)
    screen = remarks()
    lab = Lab(site, screen.print)
    with lab.alone():
        lab.up(module_packages(asset("puppet") / "Puppetfile"))
    screen.print(f"the lab '{site.name}' is up: {len(lab.hosts)} hosts in {time.monotonic() - started:.0f} s")
    option = "" if site_file == Path("site.yaml") else f" --site {shlex.quote(str(site_file))}"
    screen.print(f"next: pkgci deploy{option}, or look at a host: pkgci lab ssh{option} {site.hosts[0].name}")
    return ExitStatus.AS_DECLARED


@command.command(epilog="Example: pkgci lab status --json")
@site_option
@json_option
def status(site_file: Path, as_json: bool) -> int:
    """Show each host's state; exit 1 where one does not run."""
    from dataclasses import asdict

    from pkgci.lab.lab import Lab
    from pkgci.model.load import load_site

    states = Lab(load_site(site_file), remarks().print).status()
    if as_json:
        print_json([asdict(state) for state in states])
    else:
        screen = output()
        wide = max(len(state.name) for state in states)
        far = max(len(state.address) for state in states)
        for state in states:
            up_for = "" if state.uptime is None else f"up {_duration(state.uptime)}"
            image = state.image.partition(":")[2].rpartition("-")[0]
            what = f"for {' and '.join(state.stands_in_for)}" if state.stands_in_for else image
            screen.print(f"{state.name:<{wide}} {state.state:<8} {state.address:<{far}} {up_for:<10} {what}".rstrip())
    return ExitStatus.AS_DECLARED if all(state.running for state in states) else ExitStatus.NOT_AS_DECLARED


@command.command(epilog="Example: pkgci lab ssh zuul01 uptime", context_settings={"ignore_unknown_options": True})
@site_option
@click.argument("host")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[CMD]...")
def ssh(site_file: Path, host: str, words: tuple[str, ...]) -> int:
    """Log in to HOST (or run CMD there) as the site file says: user, port, key, jump host, known host keys."""
    from pkgci.lab.keys import run_ssh
    from pkgci.model.load import load_site

    site = load_site(site_file)
    return run_ssh(site, _machine(site, host), words)


@command.command(
    "exec",
    epilog="Example: pkgci lab exec zuul01 -- systemctl --failed",
    context_settings={"ignore_unknown_options": True},
)
@site_option
@click.argument("host")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="CMD...")
def execute(site_file: Path, host: str, words: tuple[str, ...]) -> int:
    """Run CMD as root in HOST through the engine, without SSH. Its exit status is passed on."""
    from pkgci.lab.lab import Lab
    from pkgci.lab.run import run_in
    from pkgci.model.load import load_site

    site = load_site(site_file)
    machine = _machine(site, host)
    lab = Lab(site, remarks().print)
    return run_in(lab.client, lab.container(machine.name), words, Bytes(sys.stdout), Bytes(sys.stderr))


@command.command(epilog="Example: pkgci lab choose --site examples/lab/site.yaml")
@site_option
@click.option("--within", default=60, show_default=True, metavar="SECONDS", help="How long downloads may take.")
def choose(site_file: Path, within: int) -> int:
    """See whether a real Gerrit and a real Jenkins can be had here; print the site file of a lab that has them.

    That is a copy beside the site file, or the site file itself where there is nothing but the stand-ins to be had.
    """
    from pkgci.files import write_atomically
    from pkgci.lab.choose import can_have_jenkins, chosen_text, find_review
    from pkgci.lab.keys import lab_directory
    from pkgci.model.load import load_site

    site = load_site(site_file)
    found = (
        find_review(site, lab_directory(site).absolute() / "wars", within),
        can_have_jenkins(site, within),
    )
    for one in found:
        say(f"{one.server}: {'the real one' if one.real else 'the stand-in'}: {one.why}", err=True)
    copy = site_file.with_name(f"real-{site_file.name}")
    if any(one.real for one in found):
        write_atomically(copy, chosen_text(site_file.read_text(), *found))
        say(copy)
    else:
        copy.unlink(missing_ok=True)
        say(site_file)
    return ExitStatus.AS_DECLARED


@command.command(epilog="Example: pkgci lab furnish")
@site_option
def furnish(site_file: Path) -> int:
    """Give the lab's real Gerrit its people and projects. `pkgci bootstrap` does it, too; the stand-in has its own."""
    from pkgci.lab.network import lab_network
    from pkgci.lab.real_review import furnish_review
    from pkgci.model.load import load_site

    site = load_site(site_file)
    lab_network(site)
    furnish_review(site, remarks().print)
    return ExitStatus.AS_DECLARED


@command.command(epilog="Example: pkgci lab clone packaging/hello && cd hello")
@site_option
@click.argument("project")
@click.argument("directory", required=False, type=click.Path(path_type=Path))
@click.option("--as", "user", metavar="USER", help="Whose clone it is. Default: the first administrator.")
def clone(site_file: Path, project: str, directory: Path | None, user: str | None) -> int:
    """Clone PROJECT from the lab's review, ready to push: `git push origin HEAD:refs/for/main` makes a change.

    DIRECTORY is the last part of the project's name unless you give another. Any user name will do: the lab's key opens
    all accounts but Zuul's.
    """
    from pkgci.lab.real_review import admit
    from pkgci.lab.stand_ins.access import clone as make_clone
    from pkgci.model.load import load_site

    site = load_site(site_file)
    admit(site, user)
    make_clone(site, project, directory or Path(project.rpartition("/")[2]), user)
    return ExitStatus.AS_DECLARED


@command.command(
    epilog="Example: pkgci lab gerrit --as bob review 1,1 --code-review +2",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@site_option
@click.option("--as", "user", metavar="USER", help="Who runs it. Default: the first administrator.")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND...")
def gerrit(site_file: Path, user: str | None, words: tuple[str, ...]) -> int:
    """Run `gerrit COMMAND` on the lab's review: version, ls-projects, query, review, set-topic.

    The stand-in has one more: `stand-in` shows what can be set while it runs (submit types, the range of Verified,
    rights, submit requirements, anonymous reading, work in progress), for trying what other Gerrits do.

    Its exit status is passed on.
    """
    from pkgci.lab.real_review import admit
    from pkgci.lab.stand_ins.access import run_gerrit
    from pkgci.model.load import load_site

    site = load_site(site_file)
    admit(site, user)
    return run_gerrit(site, user, words)


@command.command(epilog="Example: pkgci lab down --images")
@site_option
@click.option("--images", is_flag=True, help="Also remove the images, where no other lab uses them.")
def down(site_file: Path, images: bool) -> int:
    """Remove the lab: its hosts, network, keys and host keys. Nothing that is not the lab's is touched."""
    from pkgci.lab.lab import Lab
    from pkgci.model.load import load_site

    site = load_site(site_file)
    screen = remarks()
    lab = Lab(site, screen.print)
    with lab.alone():
        lab.down(images=images)
    screen.print(f"the lab '{site.name}' is gone")
    return ExitStatus.AS_DECLARED


def _machine(site: Site, name: str) -> Host:
    """The machine of the lab with this name: a host of the site, or one of the lab's own."""
    from pkgci.lab.network import lab_hosts, lab_network

    lab_network(site)
    return next((host for host in lab_hosts(site) if host.name == name), None) or site.host(name)


def _duration(seconds: float) -> str:
    whole = int(seconds)
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if whole >= size:
            return f"{whole // size} {unit}"
    return f"{whole} s"
