"""A fake Jenkins, and pkgci's side of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pkgci.jobs import connection
from pkgci.jobs.connection import Access
from pkgci.jobs.server import JenkinsServer
from tests.unit.jobs.fake_jenkins import FakeJenkins, serving


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeJenkins]:
    """A Jenkins without jobs; pkgci is less patient with it than with a real one."""
    monkeypatch.setattr(connection, "SERVER_PAUSES", (0.01, 0.01))
    monkeypatch.setattr(connection, "_STARTING_PAUSE", 0.01)
    monkeypatch.setattr(connection, "_STARTING_PATIENCE", 0.2)
    monkeypatch.setattr(connection, "_TIMEOUT", (1.0, 0.5))
    monkeypatch.setattr(connection, "_WRITE_PAUSE", 0.0)
    with serving(FakeJenkins()) as jenkins:
        yield jenkins


@pytest.fixture
def server(fake: FakeJenkins) -> Iterator[JenkinsServer]:
    """pkgci's side."""
    found = JenkinsServer(Access(fake.url, None, "admin", "s3cret-password"))
    yield found
    found.close()
