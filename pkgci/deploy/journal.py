"""The journal of a deployment: which work item ended how, and when. A file beside the site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pkgci.deploy.items import NAMES
from pkgci.errors import ExitStatus, LockedError
from pkgci.files import write_atomically
from pkgci.locks import lock_or_fail
from pkgci.model.site import Site
from pkgci.remembering import remembering


@dataclass(frozen=True)
class Ended:
    """How a work item ended: its exit status, when it began (ISO 8601, UTC), and how many seconds it took."""

    item: str
    status: int
    began: str
    seconds: float

    @property
    def done(self) -> bool:
        """Whether it need not be done again."""
        return self.status == ExitStatus.AS_DECLARED


@dataclass(frozen=True)
class Journal:
    """One deployment: when it began (ISO 8601, UTC), with which work item, of what (see ``fingerprint``)."""

    began: str
    first: str
    fingerprint: str
    ended: tuple[Ended, ...] = ()

    def with_end(self, end: Ended) -> Journal:
        """The journal once another item has ended; an earlier end of the same item is forgotten."""
        return replace(self, ended=(*(known for known in self.ended if known.item != end.item), end))

    @property
    def done(self) -> dict[str, Ended]:
        """The items that need not be done again, by name."""
        return {end.item: end for end in self.ended if end.done}

    @property
    def open(self) -> tuple[str, ...]:
        """The items that are still to be done, in their order. None left: the deployment is finished."""
        wanted = NAMES[NAMES.index(self.first) :]
        at = next((index for index, name in enumerate(wanted) if name not in self.done), len(wanted))
        return wanted[at:]


def _file(site: Site) -> Path:
    return site.directory / ".pkgci" / "deploy.json"


def load(site: Site) -> Journal | None:
    """The journal of the last deployment of ``site``; None where there is none, or none that can be read."""
    try:
        data = json.loads(_file(site).read_text(encoding="utf-8"))
        ended = tuple(
            Ended(str(one["item"]), int(one["status"]), str(one["began"]), float(one["seconds"]))
            for one in data["ended"]
        )
        first = str(data["first"])
        if first not in NAMES:
            return None
        return Journal(str(data["began"]), first, str(data["fingerprint"]), ended)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save(site: Site, journal: Journal) -> None:
    """Writes ``journal`` down."""
    with remembering("how far this deployment has come is", _file(site)):
        write_atomically(_file(site), json.dumps(asdict(journal), indent=2) + "\n")


@contextmanager
def alone(site: Site) -> Iterator[None]:
    """Holds the site's deployment. Raises ``LockedError`` where another process on this machine holds it."""
    path = _file(site).with_suffix(".lock")
    with ExitStack() as held:
        try:
            with remembering("that this deployment is under way is", path):
                held.enter_context(lock_or_fail(path))
        except BlockingIOError:
            raise LockedError(
                f"another `pkgci deploy` of {site.path} is under way", "run it again when that has ended"
            ) from None
        yield
