"""dnf in a root."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

from .. import review
from ..report import Case
from ..repository import places
from ..review import File, Repository
from ..status import Ended, Status
from ..step import Step
from . import faults, look
from .manager import GONE, INSTALLED
from .root import AUTHORITIES, Root, Said

_CACHE = "/var/cache/dnf"
_REPOSITORIES = "/etc/yum.repos.d/pkgci.repo"
_DNF = ("dnf", "--assumeyes", "--quiet", "--setopt=install_weak_deps=False", f"--setopt=cachedir={_CACHE}")
_OFFLINE = (*_DNF, "--cacheonly")
# The repositories of changes, as `review.repositories` calls them.
_NO_CHANGES = f"--disablerepo={places.REVIEW}-*,{places.GATE}-*"
_KEPT = "--setopt=keepcache=True"
# rpm's list of packages as it would be, had all that was fetched been installed; and as it is. Nothing runs.
_AS_IF = """\
list=$(rpm --eval '%{_dbpath}')
cp -a "$list" "$list.pkgci"
set -- --justdb --noscripts --notriggers --nodeps --replacepkgs --oldpackage --nosignature "$1"/*/packages/*.rpm
exec rpm --upgrade "$@"
"""
_AS_IS = """\
list=$(rpm --eval '%{_dbpath}')
rm -rf "$list"
mv "$list.pkgci" "$list"
"""
_EVR = "%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\n"
# dnf's last words where it would go on, were it not told to assume a no.
_WOULD = re.compile(r"Operation aborted|Nothing to do")
# A row of the table of what dnf would do; a long name has a line of its own.
_ROW = re.compile(r"^ ([A-Za-z0-9][\w.+-]*)\s+(?:noarch|[a-z][a-z0-9]*_?[0-9]+\w*)\s+\S+\s+\S+\s", re.MULTILINE)


def files(step: Step, chosen: tuple[Repository, ...]) -> dict[str, bytes]:
    """What dnf needs in a root for these repositories, those of changes only after ``Dnf.use_changes``."""
    keys = {"release.asc": step.settings.repository.release_key, "review.asc": step.settings.repository.review_key}
    return {
        _REPOSITORIES: review.dnf_repo(chosen, str(AUTHORITIES)).encode(),
        **{str(review.KEYS / item.key): keys[item.key].read_bytes() for item in chosen},
    }


class Dnf:
    """dnf in ``root``, as ``manager.Manager`` says."""

    kind = "rpm"
    ways_out: Mapping[str, frozenset[str]] = MappingProxyType({"remove": frozenset({GONE})})

    def __init__(self, root: Root) -> None:
        self.root = root
        self._has_lists = self._has_news = False
        self._held: tuple[str, ...] = ()
        # What dnf said that it would do, as long as nothing changes.
        self._plans: dict[tuple[str, ...], Said] = {}

    def use_released(self) -> None:
        """From now on, no repository of a change counts. Raises ``Ended`` (infrastructure)."""
        self._use((_NO_CHANGES,))

    def use_changes(self) -> None:
        """From now on, the repositories of changes count too. Raises ``Ended`` (infrastructure)."""
        self._use(())

    @contextmanager
    def layer(self, step: Step) -> Iterator[Dnf]:
        """dnf in a root that begins as this one is now."""
        with self.root.layer(step) as root:
            other = Dnf(root)
            other._has_lists, other._has_news = self._has_lists, self._has_news
            other._held, other._plans = self._held, dict(self._plans)
            yield other

    def _use(self, held: tuple[str, ...]) -> None:
        if not self._has_lists:
            # Of ours, a new root has none: they are read now. A mirror's came with the root.
            self._make_cache()
            self._has_lists = True
        self._held = held
        self._plans.clear()

    def _make_cache(self, *options: str) -> None:
        with self.root.step.timed("lists fetched"):
            said = self.root.run(*_DNF, "makecache", *options, network=True)
        if said.status != 0:
            raise Ended(Status.INFRASTRUCTURE, f"dnf makecache: {faults.message(said)}")

    def word(self, package: str, version: str) -> str:
        """As dnf takes it."""
        return f"{package}-{version}"

    def plan(self, words: Sequence[str]) -> Said:
        """What installing ``words`` would install, in all."""
        if tuple(words) not in self._plans:
            said = self.root.run(*_without_quiet(_OFFLINE), *self._held, "--assumeno", "install", *words)
            self._plans[tuple(words)] = Said(0, said.text) if _WOULD.search(said.text) else said
        return self._plans[tuple(words)]

    def fetch(self, words: Sequence[str]) -> Said:
        """Fetches what installing ``words`` needs, and installs nothing."""
        command = (*_DNF, _KEPT, *self._held, "--downloadonly", "install", *words)
        with self.root.step.timed("packages fetched"):
            said = self.root.run(*command, network=True)
            if said.status == 0 or self._has_news or self.root.is_closed:
                return said
            self.root.step.log.say(f"once more, with the mirror's news: {faults.message(said)}")
            self._make_cache("--refresh")
            self._has_news = True
            return self.root.run(*command, network=True)

    def fetch_upgrade(self, words: Sequence[str]) -> Said:
        """Fetches what installing ``words`` needs once all that was fetched is installed, and installs nothing."""
        self.root.ask("sh", "-ec", _AS_IF, "sh", _CACHE)
        try:
            return self.fetch(words)
        finally:
            self.root.ask("sh", "-ec", _AS_IS)

    def sums(self) -> dict[str, str]:
        """The checksums of what was fetched → the files' names."""
        return self.root.sums(f"{_CACHE}/*/packages/*.rpm")

    def needed(self, group: Sequence[File]) -> list[str]:
        """What the packages need beside themselves; nothing where that needs them in turn."""
        own = {file.package for file in group}
        plan = self.plan([self.word(file.package, file.version) for file in group])
        found = [name for name in planned(plan.text) if name not in own]
        return [] if not found or set(planned(self.plan(found).text)) & own else found

    def install(self, words: Sequence[str]) -> Said:
        """Installs ``words``, all of which was fetched: every signature is checked here."""
        self.root.close()
        self._plans.clear()
        with self.root.step.timed("installed"):
            return _strict(self.root.run(*_without_quiet(_OFFLINE), *self._held, _KEPT, "install", *words))

    def try_install(self, words: Sequence[str]) -> Said:
        """What rpm says of installing ``words``, which were fetched, before it would."""
        return self.root.run(*_without_quiet(_OFFLINE), _KEPT, "--setopt=tsflags=test", "install", *words)

    def remove(self, way: str, packages: Sequence[str]) -> Said:
        """Removes packages, and nothing that came with them."""
        self._plans.clear()
        with self.root.step.timed("removed"):
            return _strict(self.root.run(*_without_quiet(_OFFLINE), "--noautoremove", way, *packages))

    def states(self, packages: Iterable[str]) -> dict[str, tuple[str, str]]:
        """The version of each package that is installed."""
        wanted = set(packages)
        rows = (line.split(" ") for line in self.root.ask("rpm", "--query", "--all", "--qf", _EVR).splitlines())
        return {row[0]: (INSTALLED, row[1]) for row in rows if row[0] in wanted}

    def released(self, repository: Repository, packages: Iterable[str]) -> dict[str, str]:
        """The newest version in ``repository`` of those packages that are in it."""
        form = ("--latest-limit=1", "--queryformat=%{name} %{evr}\n")
        text = self.root.ask(*_OFFLINE, "repoquery", f"--repo={repository.name}", *form, *packages)
        return dict(line.split(" ") for line in text.splitlines() if line.count(" ") == 1)

    def look(self, package: str, when: str) -> list[Case]:
        """Whether the files and services of an installed package are as it declares them."""
        return look.rpm(self.root, package, when)

    def owned(self) -> list[str]:
        """Every path that an installed package has."""
        return self.root.ask("rpm", "--query", "--all", "--list").splitlines()


def planned(text: str) -> list[str]:
    """The names in the table that dnf shows before it asks."""
    return list(dict.fromkeys(_ROW.findall(text)))


def _strict(said: Said) -> Said:
    """A scriptlet that fails is a fault, though rpm carries on after most of them."""
    return Said(said.status or 1, said.text) if "scriptlet failed" in said.text else said


def _without_quiet(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word != "--quiet")
