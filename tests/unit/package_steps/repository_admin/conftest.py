"""A publisher whose repositories have packages that nobody built: indexes and signatures are left out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import pytest
from pkgci_steps import files
from pkgci_steps.programs import Programs, Stop
from pkgci_steps.repository import generation, places
from pkgci_steps.repository.engine import Generation, Repository
from pkgci_steps.repository.manifest import Entry, File, Manifest
from pkgci_steps.repository.places import key_of
from pkgci_steps.repository.publisher import Publisher
from pkgci_steps.repository.signing import Signer
from pkgci_steps.repository.state import State
from pkgci_steps.settings import parse

from pkgci.model.load import load_site
from pkgci.model.packages import step_settings

ROOT = Path(__file__).parents[4]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)  # noqa: UP017 (as on hosts)


class World:
    """The publisher, whose clock and keys a test may change."""

    def __init__(self, folder: Path) -> None:
        site = load_site(ROOT / "examples/lab/site.yaml")
        settings = parse(json.loads(json.dumps(step_settings(site, site.host("pub01"), lambda name: []))))
        self.now = NOW
        self.keys: tuple[str, ...] = ("A!",)
        self.page = "the page"
        self.work = folder / "work"
        self.publisher = Publisher(
            public=folder / "public",
            locks=folder / "locks",
            settings=settings,
            programs=cast(Programs, None),
            stop=Stop(),
            signer=lambda name: Signer(self.keys, key_of(name), cast(Programs, None)),
            pages=lambda name, manifest: {"index.html": f"{self.page} {name} {manifest.made}"},
            now=lambda: self.now,
            sleep=lambda seconds: None,
        )

    def publish(self, name: str, *versions: tuple[str, str, str]) -> Generation:
        """A state of the repository ``name`` with these packages: target, source, version."""
        with Repository(name, self.publisher).update() as update:
            update.entries = [self.entry(*version) for version in versions]
            for entry in update.entries:
                (update.repository.folder / "shared" / entry.folder).mkdir(parents=True, exist_ok=True)
            return update.commit("published")

    def entry(self, target: str, source: str, version: str) -> Entry:
        kind, place = ("rpm", "rpm/rpm/packages") if target == "rpm" else ("deb", f"deb/pool/{target}")
        names = (source, f"lib{source}1")
        files = (
            *(File(f"{name}_{version}.deb", 1000, "0" * 64, name, version, "amd64", "0" * 64) for name in names),
            File(f"{source}_{version}.dsc", 10, "0" * 64, source, version, "source", "0" * 64),
        )
        folder = f"{place}/{source}/{version}.0"
        return Entry(
            target, kind, source, version, f"packaging/{source}", "12", "3", "Z1", self.now.isoformat(), folder, files
        )

    def review(self, name: str, changes: dict[str, str], age: timedelta) -> Repository:
        """A review repository that something came to so long ago."""
        repository = Repository(f"review/{name}", self.publisher)
        self.publish(repository.name, ("trixie", "greet", "1.1"))
        with repository.update():
            repository.set_state(State((self.now - age).isoformat(timespec="seconds"), changes))
        return repository


def _written(
    job: generation.Job,
    new: Path,
    manifest: Manifest,
    _before: Any,
    _described: Manifest,
    _readable: Sequence[Path],
    _also: Sequence[Path],
) -> None:
    for path, text in job.publisher.pages(job.name, manifest).items():
        files.write(new / path, text)
    files.write(new / places.MANIFEST, manifest.text())


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(generation.Job, "write", _written)
    return World(tmp_path)


Names = Callable[[list[dict[str, Any]]], list[tuple[str, str, str]]]


@pytest.fixture
def names() -> Names:
    """Target, source and version of what an answer lists."""
    return lambda items: [(item["target"], item["source"], item["version"]) for item in items]
