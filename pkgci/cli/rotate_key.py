"""The rotation of a repository's key on the command line: the plan, the question, the step, and what comes next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pkgci.cli.agree import agree
from pkgci.cli.invocation import next_command
from pkgci.cli.say import say

if TYPE_CHECKING:
    from pkgci.model.site import Site
    from pkgci.secrets.rotation import Rotation
    from pkgci.secrets.upkeep import Outcome


def rotate(site: Site, folder: Path, name: str, *, finish: bool, yes: bool, as_json: bool) -> Outcome:
    """Shows the next step of rotating the key called ``name``, asks, and does it. Raises what ``agree`` does."""
    from pkgci.secrets.rotation import carry_out, plan
    from pkgci.secrets.store import SecretStore

    rotation = plan(site, SecretStore.open(folder), name, finish=finish)
    if not as_json:
        for line in described(rotation, datetime.now(UTC)):
            say(line)
    agree("Do it?", yes=yes, as_json=as_json)
    with SecretStore.change(folder, site.name) as store:
        outcome = carry_out(rotation, store, datetime.now(UTC))
    if not finish:
        say(
            f"Then let those who use the packages fetch the key again, and some weeks later:\n"
            f"  {next_command('secrets rotate', rotation.word, finish=True)}",
            err=True,
        )
    return outcome


def described(rotation: Rotation, now: datetime) -> list[str]:
    """The plan, for people."""
    old = [f"  {one.fingerprint}  until {one.expires:%Y-%m-%d}" for one in rotation.signing]
    if rotation.finish:
        return [
            f"{rotation.key.name}: the overlap ends",
            f"-{old[0][1:]}  signs no more; what it signed stays valid",
            f"{old[1]}  signs everything",
            "A machine that has not fetched the key again refuses what is new from now on: the packages' index page",
            "says how to. (Where rpm is older than 6, dnf has to forget the old key first.)",
        ]
    until = now + timedelta(days=rotation.days)
    return [
        f"{rotation.key.name}: a new signing subkey, under the same primary key",
        f"{old[-1]}  goes on signing: lists of DEB packages, RPM packages and their lists",
        f"+ {'(new)':<40}  until {until:%Y-%m-%d}  signs lists of DEB packages, too",
        "Machines that know the old key, or the new one, or both, take everything until the overlap ends.",
    ]
