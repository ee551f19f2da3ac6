"""How people reach the lab's review from the operator's machine, which cannot resolve the lab's names.

Whether it is the stand-in or a real Gerrit makes no difference here.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from importlib.resources import files
from pathlib import Path

from pkgci.errors import PkgciError, UsageError
from pkgci.lab.keys import check_made, key_file, ssh_options
from pkgci.lab.network import lab_network
from pkgci.lab.stand_ins.host import stand_ins_host
from pkgci.lab.stand_ins.review.settings import is_username
from pkgci.model.known_hosts import name_at
from pkgci.model.schema import Gerrit
from pkgci.model.site import Site
from pkgci.model.stand_ins import review_is_real_in_lab, review_is_stand_in
from pkgci.model.words import nearest


def clone(site: Site, project: str, directory: Path, user: str | None) -> None:
    """Clones ``project`` into ``directory`` for ``user`` (the first administrator where None), ready to push.

    The clone knows the lab's key and the review's pinned host key, who its user is, and writes Change-Ids. Raises
    ``UsageError`` for an unknown project or user, ``NothingReachedError`` where there is no lab, and ``PkgciError``
    where git fails; git has said why then.
    """
    gerrit = _review(site)
    if project not in site.repositories:
        known = ", ".join(site.repositories) or "none"
        raise UsageError(
            f"no project '{project}' in {site.path}{nearest(project, site.repositories)}", f"projects: {known}"
        )
    person = _person(site, gerrit, user)
    check_made(site)
    settings = {
        "core.sshCommand": shlex.join(ssh_words(site, gerrit)),
        "user.name": person,
        "user.email": f"{person}@{site.domain}",
        "gerrit.createChangeId": "true",
    }
    words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    address = f"ssh://{person}@{gerrit.host}:{gerrit.port}/{project}"
    try:
        result = subprocess.run(["git", "clone", *words, address, str(directory)], env=environment(), check=False)
    except FileNotFoundError:
        raise UsageError("git is not installed", "`apt install git`") from None
    if result.returncode != 0:
        raise PkgciError(f"{project} could not be cloned", "does the lab run? `pkgci lab status`")
    hook = directory / ".git" / "hooks" / "commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_bytes((files("pkgci.lab.stand_ins.review") / "commit-msg").read_bytes())
    hook.chmod(0o755)


def run_gerrit(site: Site, user: str | None, words: tuple[str, ...]) -> int:
    """Runs ``gerrit WORDS…`` on the review on this terminal; returns its exit status.

    Raises ``UsageError``, and ``NothingReachedError`` where there is no lab.
    """
    gerrit = _review(site)
    login = f"{_person(site, gerrit, user)}@{gerrit.host}"
    check_made(site)
    command = [*ssh_words(site, gerrit), "-p", str(gerrit.port), login, "--", "gerrit", shlex.join(words)]
    try:
        return subprocess.run(command, check=False).returncode
    except FileNotFoundError:
        raise UsageError("the ssh client is not installed", "`apt install openssh-client`") from None


def _review(site: Site) -> Gerrit:
    if site.gerrit is None or not (review_is_stand_in(site) or review_is_real_in_lab(site)):
        raise UsageError(
            f"{site.path}: this lab has no Gerrit of its own",
            "`gerrit: {host: …}` and `lab: {review: stand-in}` make one",
        )
    lab_network(site)
    return site.gerrit


def _person(site: Site, gerrit: Gerrit, user: str | None) -> str:
    person = user or next(iter(site.access.administrators), None)
    if person is None:
        raise UsageError(f"{site.path} names no administrator", "say who you are: --as NAME")
    if person == gerrit.user:
        raise UsageError(f"'{person}' is Zuul's account, and only Zuul has its key", "be somebody else: --as NAME")
    if not is_username(person):
        raise UsageError(f"'{person}' cannot be a user name", "small letters, digits, and . _ - inside")
    return person


def ssh_words(site: Site, gerrit: Gerrit) -> list[str]:
    """The ssh client and its options: the review's name stands in addresses, its place is told apart."""
    host = site.own_review or stand_ins_host(site)
    place = ["-o", f"HostName={host.address}"] if host else []
    known_as = name_at(gerrit.host, gerrit.port)
    return ["ssh", *ssh_options(site.directory / "known_hosts", known_as, key_file(site)), *place]


def environment() -> dict[str, str]:
    """This process's environment without what would have git look at another repository, or ask for a password."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
    }
    return kept | {"GIT_TERMINAL_PROMPT": "0"}
