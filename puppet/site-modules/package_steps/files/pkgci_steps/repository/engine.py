"""A repository: its generations, and the ways to a new one.

Everything that changes a repository is an ``Update``: taken under the lock, begun from what readers see now, and seen
by them as a whole when it is committed, or not at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .. import locks
from ..status import Ended, Status
from . import folders, generation, manifest, places, records, state
from .manifest import Entry, Manifest
from .pool import Pool
from .publisher import Publisher
from .state import State

# For how long readers may hold on to what a generation said after the next one is there.
GRACE_SECONDS = 3600.0


@dataclass(frozen=True)
class Generation:
    """One state of a repository. ``folder`` has its indexes; the higher the ``number``, the newer it is."""

    number: int
    folder: Path

    @property
    def manifest(self) -> Manifest:
        """What is in it."""
        return manifest.parse((self.folder / places.MANIFEST).read_text())

    @property
    def made(self) -> float:
        """When it was made, in seconds since 1970."""
        return (self.folder / places.MANIFEST).stat().st_mtime


class Repository:
    """The repository ``name``: ``release``, ``review/NAME`` or ``gate/NAME``. It exists once something is published."""

    def __init__(self, name: str, publisher: Publisher) -> None:
        self.name = name
        self.folder = publisher.public / name
        self._publisher = publisher
        self._generations = self.folder / places.GENERATIONS
        self._current = self.folder / "current"

    # What is there: readable without a lock.

    @property
    def exists(self) -> bool:
        """Whether anything was ever published in it."""
        return self._current.exists()

    def generations(self) -> list[Generation]:
        """The states that it can be rolled back to, oldest first; the last is the one that readers see."""
        now = self._number()
        numbers = sorted(int(path.name) for path in self._generations.glob("[0-9]*"))
        return [self._generation(number) for number in numbers if number <= now]

    def manifest(self) -> Manifest:
        """What readers see now."""
        return self._now().manifest if self.exists else Manifest("", "")

    def lost(self, entry: Entry) -> list[str]:
        """The names of the files of ``entry`` that are missing, or are not what was published."""
        return [file.name for file in Pool(self.folder, self._publisher).lost(entry)]

    def state(self) -> State:
        """Of a review repository: whose it is."""
        return state.read(self.folder)

    # Changes.

    @contextmanager
    def update(self) -> Iterator[Update]:
        """Nobody else changes it meanwhile. What is not committed does not happen."""
        with locks.locked(self._lock, self._publisher.stop):
            self._tidy()
            yield Update(self, self._publisher, self.manifest())

    def remove(self, entries: Sequence[Entry], why: str, planned_on: int) -> Generation:
        """A new generation without ``entries`` (of its manifest). Their files go once no generation has them.

        Raises ``Ended`` (failed) where readers see another generation than the one that it was ``planned_on``.
        """
        with self.update() as update:
            self._check(planned_on)
            for entry in entries:
                update.drop(entry)
            return update.commit(why)

    def roll_back(self, number: int, why: str, planned_on: int) -> Generation:
        """A new generation with the packages of generation ``number``, signed today.

        Raises ``Ended`` (misused) where there is no such generation, and as ``remove``.
        """
        with self.update() as update:
            self._check(planned_on)
            chosen = [one for one in self.generations() if one.number == number]
            if not chosen:
                raise Ended(Status.MISUSED, f"{self.name} has no generation {number}")
            update.entries = list(chosen[0].manifest.entries)
            return update.commit(why, also=chosen)

    def sign_again(self, why: str) -> Generation:
        """A new generation with the same packages, whose indexes are signed by the keys of today."""
        with self.update() as update:
            return update.commit(why, afresh=True)

    def set_state(self, new: State) -> None:
        """Of a review repository, inside ``update`` only."""
        state.write(self.folder, new)

    def tidy(self) -> list[str]:
        """Removes old generations, and packages that none has any more. Returns the paths of what went."""
        with locks.locked(self._lock, self._publisher.stop):
            self._tidy()
            kept = {entry.folder for one in self.generations() for entry in one.manifest.entries}
            # What was published in a run is kept, though another build has taken its place since.
            kept |= {one.entry.folder for one in records.read_all(self.folder) if one.is_release}
            return Pool(self.folder, self._publisher).sweep(kept)

    def delete(self, may_go: Callable[[State], bool]) -> bool:
        """Removes a review repository with everything in it, and the links to it, where ``may_go`` of its state.

        Returns whether it went. The released one stays.
        """
        if self.name == places.RELEASE:
            raise Ended(Status.MISUSED, "the released repository is not for removal")
        with locks.locked(self._lock, self._publisher.stop):
            if not may_go(self.state()):
                return False
            for link in self.folder.parent.iterdir():
                if link.is_symlink() and link.readlink() == Path(self.folder.name):
                    link.unlink()
            folders.remove(self.folder)
            self._lock.unlink()
            return True

    # Inside.

    @property
    def _lock(self) -> Path:
        return self._publisher.locks / f"{self.name}.lock"

    def _check(self, planned_on: int) -> None:
        if self._number() != planned_on:
            reason = f"{self.name} is at generation {self._number()} by now, and what was planned is for {planned_on}"
            raise Ended(Status.FAILED, reason)

    def _number(self) -> int:
        return int(self._current.readlink().name) if self._current.is_symlink() else 0

    def _now(self) -> Generation:
        return self._generation(self._number())

    def _generation(self, number: int) -> Generation:
        return Generation(number, self.folder / places.generation(number))

    def readable(self) -> list[Generation]:
        """The generations that a reader may still be at, newest first."""
        found: list[Generation] = []
        since = time.time()
        for one in reversed(self.generations()):
            if since < time.time() - GRACE_SECONDS and found:
                break
            found.append(one)
            since = one.made
        return found

    def _tidy(self) -> None:
        """Removes what a killed program left, and generations that are neither kept nor read."""
        folders.sweep(self._generations)
        folders.sweep(self.folder)
        there, now = self.generations(), self._number()
        for path in self._generations.glob("[0-9]*"):
            if int(path.name) > now:
                folders.remove(path)
        kept = {one.number for one in [*there[-self._publisher.settings.repository.generations :], *self.readable()]}
        for one in there:
            if one.number not in kept:
                folders.remove(one.folder)

    def show(self, aside: Path) -> Generation:
        """Makes the finished generation in ``aside`` the one that readers see."""
        new = self.next()
        folders.appear(aside, new.folder)
        folders.link(self._current, places.generation(new.number))
        return new

    def next(self) -> Generation:
        """The generation that readers see after this one: inside ``update`` it stays the same one, made or not."""
        return self._generation(self._number() + 1)


class Update:
    """A change of a repository under way: ``entries`` is what the next generation has."""

    def __init__(self, repository: Repository, publisher: Publisher, before: Manifest) -> None:
        self.repository = repository
        self.before = before
        self.entries = list(before.entries)
        self._publisher = publisher
        self._signer = publisher.signer(repository.name)

    def put(self, entry: Entry, source: Path, *, replace: bool = False, beneath: str = "") -> Entry:
        """Adds ``entry``, whose files are in ``source``; RPM packages are signed on the way. Returns it as it is now.

        With ``replace``, other contents of the same version go, of one of its packages too. With ``beneath``, the files
        are another account's, in that folder of ``source``: they are copied, and each copy is what ``entry`` says.
        """
        placed = Pool(self.repository.folder, self._publisher).add(entry, source, self._signer, beneath)
        if replace:
            gone = [one for one in self.entries if one.target == entry.target and one.takes_version_of(entry)]
            self.entries = list(manifest.without(self.entries, gone))
        self.entries.append(placed)
        return placed

    def drop(self, entry: Entry) -> None:
        """Takes ``entry`` out."""
        self.entries = list(manifest.without(self.entries, [entry]))

    def commit(self, why: str, *, also: Sequence[Generation] = (), afresh: bool = False) -> Generation:
        """Shows readers a new generation with ``entries``: at once, as a whole.

        What generations ``also`` say of packages is used. ``afresh``: all indexes are signed again.
        """
        self._wait_for_a_new_second()
        made = self._publisher.now().isoformat(timespec="seconds")
        new = Manifest(made, why, self._signer.keys, tuple(self.entries))
        readable = [one.folder for one in self.repository.readable()]
        aside = folders.aside(self.repository.folder / places.GENERATIONS)
        number = self.repository.next().number
        job = generation.Job(self.repository.name, number, self.repository.folder, self._publisher, self._signer)
        before = None if afresh or self.before.signed_by != new.signed_by else self.before
        job.write(aside, new, before, self.before, readable, [one.folder for one in also])
        return self.repository.show(aside)

    def _wait_for_a_new_second(self) -> None:
        """Readers ask a web server for what is newer than what they have, in seconds: no two generations share one."""
        last = max((one.made for one in self.repository.generations()[-1:]), default=0.0)
        rest = int(last) + 1 - time.time()
        if 0 < rest <= 1:
            self._publisher.sleep(rest)
