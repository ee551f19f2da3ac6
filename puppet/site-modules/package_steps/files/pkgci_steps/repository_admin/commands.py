"""What people do with the repositories of this host: look, take packages back, go back to an earlier state, sign again.

A change is planned on one generation, and carried out on that one or not at all.
"""

from __future__ import annotations

from typing import Any

from ..repository import places, review_names
from ..repository.engine import Generation, Repository
from ..repository.manifest import Entry
from ..repository.publisher import Publisher
from ..status import Ended, Status
from . import overview


def listed(publisher: Publisher) -> dict[str, Any]:
    """What is there: the released repository, and every review repository."""
    released = Repository(places.RELEASE, publisher)
    generations = released.generations()
    promoted = {entry.change: entry.published for entry in released.manifest().entries}
    return {
        "site": publisher.settings.site,
        "url": publisher.settings.repository.url,
        "generation": generations[-1].number if generations else None,
        "generations": [overview.generation(one.number, one.manifest) for one in reversed(generations)],
        "released": [overview.entry(item) for item in released.manifest().entries],
        "reviews": [
            overview.review(one.name.partition("/")[2], one.manifest(), one.state(), len(one.generations()), promoted)
            for one in reviews(publisher)
        ],
    }


def reviews(publisher: Publisher) -> list[Repository]:
    """Those of changes and of the gate's runs, by name; a change that shares a group's is not there twice."""
    folders = [
        *sorted((publisher.public / places.REVIEW).glob("*")),
        *sorted((publisher.public / places.GATE).glob("*")),
    ]
    named = (folder for folder in folders if review_names.is_one(folder.name))
    names = [f"{folder.parent.name}/{folder.name}" for folder in named if folder.is_dir() and not folder.is_symlink()]
    return [one for one in (Repository(name, publisher) for name in names) if one.exists]


def plan_removal(publisher: Publisher, package: str, target: str | None, version: str | None) -> dict[str, Any]:
    """What would be gone without ``package``. Raises ``Ended`` (misused) where it is not there."""
    now = _now(Repository(places.RELEASE, publisher))
    entries = now.manifest.entries
    gone = _chosen(now, package, target, version)
    return _planned(now, entries, tuple(item for item in entries if item not in gone))


def remove(publisher: Publisher, package: str, target: str | None, version: str | None, at: int) -> dict[str, Any]:
    """Takes ``package`` out of the released repository, as planned on generation ``at``."""
    released = Repository(places.RELEASE, publisher)
    words = " ".join(filter(None, (package, version, f"for {target}" if target else None)))
    done = released.remove(_chosen(_now(released), package, target, version), f"removed: {words}", at)
    return {"generation": done.number}


def plan_rollback(publisher: Publisher, number: int | None) -> dict[str, Any]:
    """What would be gone and what back in the state of generation ``number``; None is the last other one."""
    released = Repository(places.RELEASE, publisher)
    now, chosen = _now(released), _earlier(released, number)
    return {**_planned(now, now.manifest.entries, chosen.manifest.entries), "to": chosen.number}


def roll_back(publisher: Publisher, number: int | None, at: int) -> dict[str, Any]:
    """Gives the released repository the packages of generation ``number``, as planned on generation ``at``."""
    released = Repository(places.RELEASE, publisher)
    chosen = _earlier(released, number)
    done = released.roll_back(chosen.number, f"rolled back to {chosen.number}", at)
    return {"generation": done.number, "to": chosen.number}


def stale(publisher: Publisher) -> list[Repository]:
    """The repositories of this account that do not say what is true of the site today: which keys sign, which targets…

    A released repository that does not exist yet is one of them.
    """
    return [repository for repository in kept(publisher) if not _is_fresh(publisher, repository)]


def kept(publisher: Publisher) -> list[Repository]:
    """The repositories that this account may change. The released one need not exist yet."""
    released = [Repository(places.RELEASE, publisher)]
    return [one for one in (*released, *reviews(publisher)) if places.desk_of(one.name) in publisher.desks]


def refresh(publisher: Publisher) -> list[str]:
    """Gives every stale repository a new state with the same packages. Returns what was done."""
    return [
        f"{repository.name}: generation {repository.sign_again('the site has changed').number}"
        for repository in stale(publisher)
    ]


def _is_fresh(publisher: Publisher, repository: Repository) -> bool:
    if not repository.exists:
        return False
    now = repository.generations()[-1]
    manifest = now.manifest
    if manifest.signed_by != publisher.signer(repository.name).keys:
        return False
    return all(
        (now.folder / path).is_file() and (now.folder / path).read_text() == text
        for path, text in publisher.pages(repository.name, manifest).items()
    )


def _now(released: Repository) -> Generation:
    generations = released.generations()
    if not generations:
        raise Ended(Status.MISUSED, "nothing has been published yet")
    return generations[-1]


def _earlier(released: Repository, number: int | None) -> Generation:
    """Generation ``number``, or the last one that had other packages than the present one."""
    *before, now = released.generations() or [_now(released)]
    if number is None:
        present = _places(now)
        chosen = next((one for one in reversed(before) if _places(one) != present), None)
        wanted = "with other packages before this one"
    else:
        chosen = next((one for one in before if one.number == number), None)
        wanted = str(number)
    if chosen is None:
        there = f"there are {', '.join(str(one.number) for one in before)}" if before else "this is the first"
        raise Ended(Status.MISUSED, f"there is no generation {wanted}: {there}")
    return chosen


def _places(one: Generation) -> set[tuple[str, str]]:
    return {(item.target, item.folder) for item in one.manifest.entries}


def _chosen(now: Generation, package: str, target: str | None, version: str | None) -> tuple[Entry, ...]:
    found = overview.chosen(now.manifest, package, target, version)
    if not found:
        words = " ".join(filter(None, (package, version, f"for {target}" if target else None)))
        raise Ended(Status.MISUSED, f"there is no {words} among the released packages")
    return found


def _planned(now: Generation, before: tuple[Entry, ...], after: tuple[Entry, ...]) -> dict[str, Any]:
    return {"generation": now.number, **overview.difference(before, after)}
