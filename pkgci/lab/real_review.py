"""What a lab's real Gerrit begins with, as its stand-in does: people, projects, and what is in them.

All of it is done over SSH as Gerrit's first administrator, whom the lab's key opens. What is there already stays.
"""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pkgci.assets import asset
from pkgci.errors import PkgciError
from pkgci.files import rewrite
from pkgci.lab.keys import ensure_key, lab_directory
from pkgci.lab.stand_ins.access import environment, ssh_words
from pkgci.lab.stand_ins.review.settings import is_username
from pkgci.lab.stand_ins.review.starter import starter_files, tree_files
from pkgci.model.known_hosts import name_at
from pkgci.model.schema import Gerrit
from pkgci.model.site import Host, Site
from pkgci.model.stand_ins import review_is_real_in_lab
from pkgci.secrets.needs import REVIEW_HOST_KEY
from pkgci.secrets.store import SecretStore

# Gerrit's own `init` makes this account in a lab, with the lab's key.
ADMINISTRATOR = "admin"
# Who reviews what the site's administrators propose.
REVIEWER = "bob"
BRANCH = "main"

_GROUP = "Administrators"
_RIGHT = f"access.refs/heads/*.push=group {_GROUP}"
_SECONDS = 120


def furnish_review(site: Site, tell: Callable[[str], None]) -> None:
    """Makes what the lab's real Gerrit lacks; nothing where the lab has none. ``tell`` is given a line about each.

    Raises ``PkgciError`` where Gerrit does not answer, or refuses something.
    """
    if site.gerrit is None or not review_is_real_in_lab(site):
        return
    gerrit = _Gerrit(site, site.gerrit)
    for name in dict.fromkeys((*site.access.administrators, REVIEWER)):
        if ensure_person(site, site.gerrit, name, administrator=True):
            tell(f"review: made the account {name}")
    _let_push(site, site.gerrit, gerrit)
    there = set(gerrit.run("gerrit", "ls-projects").split())
    for name in site.repositories:
        if name not in there:
            gerrit.run("gerrit", "create-project", "--branch", BRANCH, name)
        if _begin(site, site.gerrit, name):
            tell(f"review: made the project {name}")


def host_key_of(site: Site, host: Host) -> dict[str, list[str]]:
    """The SSH host key of the lab's real Gerrit, where ``host`` has it: known name → 'type key'.

    It is made with the site's secrets, so that it is known before Gerrit is there.
    """
    if site.gerrit is None or site.own_review is not host:
        return {}
    made = SecretStore.open(site.directory / "secrets").public(REVIEW_HOST_KEY)
    return {name_at(site.gerrit.host, site.gerrit.port): [" ".join(made.split()[:2])]}


def admit(site: Site, name: str | None) -> None:
    """Sees to it that the lab's real Gerrit has the account ``name``: any user name will do in a lab."""
    if name in (None, ADMINISTRATOR, REVIEWER) or site.gerrit is None or not review_is_real_in_lab(site):
        return
    known = _admitted(site)
    admitted = known.read_text(encoding="utf-8").split() if known.is_file() else []
    if name in (site.gerrit.user, *site.access.administrators, *admitted) or not is_username(name):
        return
    ensure_person(site, site.gerrit, name)
    rewrite(known, lambda text: text if name in text.split() else f"{text}{name}\n")


def forget_people(site: Site, host: Host) -> None:
    """Forgets who was admitted where ``host`` is made anew and has the lab's Gerrit: its accounts go with it."""
    if site.own_review is host:
        _admitted(site).unlink(missing_ok=True)


def _admitted(site: Site) -> Path:
    """The file of those who were given an account since the lab was made."""
    return lab_directory(site) / "people"


def ensure_person(site: Site, review: Gerrit, name: str, *, administrator: bool = False) -> bool:
    """Makes the account ``name`` where there is none; whether it did. The lab's key opens it, and the site's keys."""
    gerrit = _Gerrit(site, review)
    keys = (ensure_key(site), *site.administrator_keys.get(name, ()))
    made = gerrit.try_to(
        *("gerrit", "create-account", "--full-name", name, "--email", f"{name}@{site.domain}", "--ssh-key", "-", name),
        given=keys[0],
        unless="already exists",
    )
    if made:
        for key in keys[1:]:
            gerrit.run("gerrit", "set-account", "--add-ssh-key", "-", name, given=key)
        if administrator:
            gerrit.run("gerrit", "set-members", "--add", name, "--", _GROUP)
    return made


@dataclass(frozen=True)
class _Gerrit:
    """Gerrit's commands, as its administrator runs them."""

    site: Site
    review: Gerrit

    def run(self, *words: str, given: str = "") -> str:
        """Runs a command; what it says. Raises ``PkgciError`` where it fails."""
        done = self._run(words, given)
        if done.returncode != 0:
            raise _refusal(f"`{shlex.join(words)}`", done)
        return done.stdout

    def try_to(self, *words: str, given: str, unless: str) -> bool:
        """Runs a command; whether it did something: not where it fails with the words ``unless``."""
        done = self._run(words, given)
        if done.returncode != 0 and unless not in done.stderr:
            raise _refusal(f"`{shlex.join(words)}`", done)
        return done.returncode == 0

    def _run(self, words: tuple[str, ...], given: str) -> subprocess.CompletedProcess[str]:
        login = f"{ADMINISTRATOR}@{self.review.host}"
        command = [*ssh_words(self.site, self.review), "-p", str(self.review.port), login, "--", shlex.join(words)]
        return _called(command, given)


class _Tree:
    """A work tree of one of Gerrit's repositories, as its administrator has it."""

    def __init__(self, site: Site, review: Gerrit, name: str, folder: str) -> None:
        self._name = name
        self._folder = folder
        self.address = f"ssh://{ADMINISTRATOR}@{review.host}:{review.port}/{name}"
        settings = {
            "core.sshCommand": shlex.join(ssh_words(site, review)),
            "user.name": "pkgci lab",
            # The address that `init` gives the account.
            "user.email": f"{ADMINISTRATOR}@example.com",
        }
        self._words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        self.git("init", "--quiet")

    def git(self, *command: str) -> str:
        """Runs git there; what it says. Raises ``PkgciError`` where it fails."""
        done = _called(["git", *self._words, "-C", self._folder, *command])
        if done.returncode != 0:
            raise _refusal(f"`git {command[0]}` of {self._name}", done)
        return done.stdout

    def start(self, branch: str) -> bool:
        """Goes to the tip of ``branch``; whether there is anything in it."""
        if not self.git("ls-remote", self.address, branch):
            return False
        self.git("fetch", "--quiet", self.address, branch)
        self.git("reset", "--quiet", "--hard", "FETCH_HEAD")
        return bool(self.git("ls-tree", "HEAD"))

    def push(self, message: str, branch: str) -> None:
        """Commits all that is there, and pushes it past the review."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", self.address, f"HEAD:{branch}")


def _let_push(site: Site, review: Gerrit, gerrit: _Gerrit) -> None:
    """Lets administrators push past the review, which Gerrit's own defaults do not: projects begin with a push.

    This right itself is a change, which they may submit at once.
    """
    with tempfile.TemporaryDirectory(prefix="pkgci-lab-") as folder:
        tree = _Tree(site, review, "All-Projects", folder)
        tree.start("refs/meta/config")
        config = ("config", "--file", f"{folder}/project.config")
        if _RIGHT not in tree.git(*config, "--list").splitlines():
            key, _, group = _RIGHT.partition("=")
            tree.git(*config, "--add", key, group)
            identity = hashlib.sha1(site.name.encode(), usedforsecurity=False).hexdigest()
            message = f"Let administrators push past the review\n\nChange-Id: I{identity}"
            tree.push(message, "refs/for/refs/meta/config")
            commit = tree.git("rev-parse", "HEAD").strip()
            gerrit.run("gerrit", "review", "--code-review", "+2", "--submit", commit)


def _begin(site: Site, review: Gerrit, name: str) -> bool:
    """Gives a project whose branch has nothing in it its first commit; whether it did."""
    with tempfile.TemporaryDirectory(prefix="pkgci-lab-") as folder:
        tree = _Tree(site, review, name, folder)
        if tree.start(f"refs/heads/{BRANCH}"):
            return False
        for path, (mode, content) in _first_files(site, name).items():
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(mode)
        tree.push("Begin the project", f"refs/heads/{BRANCH}")
    return True


def _first_files(site: Site, name: str) -> dict[str, tuple[int, bytes]]:
    """What a project begins with: of one that is called like an example package, its tree; else small steps."""
    tree = asset("examples") / "packages" / name.rpartition("/")[2]
    has_steps = name in site.projects and site.projects[name].own_steps
    return tree_files(tree) if tree.is_dir() and not has_steps else starter_files(name, BRANCH)


def _called(command: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            input=given,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=_SECONDS,
            env=environment(),
        )
    except FileNotFoundError as error:
        raise PkgciError(f"{error.filename} is not installed", "`apt install git openssh-client`") from None
    except subprocess.TimeoutExpired:
        raise PkgciError(
            f"the lab's Gerrit does not answer within {_SECONDS} s", "`pkgci lab exec review -- journalctl -u gerrit`"
        ) from None


def _refusal(what: str, done: subprocess.CompletedProcess[str]) -> PkgciError:
    said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
    # Of a refused push git says last that there was one, and before that why.
    why = next((line.strip() for line in said if "rejected]" in line), said[-1])
    return PkgciError(f"the lab's Gerrit: {what} failed: {why}", "`pkgci lab exec review -- journalctl -u gerrit`")
