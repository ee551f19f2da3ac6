"""A site as its hosts tell of it, all well: tests change what they are about."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pkgci.facts.fact import Answers
from pkgci.model.site import Site
from pkgci.model.steps import all_jobs
from pkgci.remote.errors import HostError
from pkgci.secrets.certificates import issue, make_ca
from pkgci.secrets.making import Made
from pkgci.secrets.openpgp import Subkey
from pkgci.status.collect import Health, HostFacts, units
from pkgci.status.judge import Status, judge

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SLAVES = ("pub01", "build01", "install01", "systest01")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def page(data: Any, **headers: str) -> str:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return encoded(f"HTTP/1.1 200 OK\r\n{lines}\r\n{json.dumps(data)}")


def subkey(letter: str, days: int) -> Subkey:
    """A repository's subkey that ends in so many days, two years after it was made."""
    end = NOW + timedelta(days=days)
    return Subkey(letter * 40, end - timedelta(days=730), end)


def nodes(**offline: str) -> dict[str, Any]:
    """Jenkins' nodes, those of ``offline`` offline with a reason; each has two executors, one of them busy."""
    return {
        "computer": [
            {
                "displayName": name,
                "offline": name in offline,
                "offlineCauseReason": offline.get(name, ""),
                "numExecutors": 2,
                "executors": [{"idle": False}, {"idle": True}],
            }
            for name in SLAVES
        ]
    }


def zuul(*items: dict[str, Any]) -> dict[str, Any]:
    """Zuul's status with ``items`` in the check pipeline and nothing in the gate."""
    return {
        "zuul_version": "2.6.0",
        "trigger_event_queue": {"length": 1},
        "result_event_queue": {"length": 0},
        "pipelines": [
            {"name": "check", "change_queues": [{"name": "a", "heads": [list(items)] if items else []}]},
            {"name": "gate", "change_queues": []},
        ],
    }


ITEM = {
    "id": "12,1",
    "project": "packaging/hello",
    "enqueue_time": (NOW - timedelta(seconds=75)).timestamp() * 1000,
    "jobs": [
        {"name": "packaging-hello-build-trixie", "result": "SUCCESS", "elapsed_time": 9000, "start_time": 1.0},
        {"name": "packaging-hello-publish-trixie", "result": None, "elapsed_time": 4000, "start_time": 1.0},
        {"name": "packaging-hello-install-trixie", "result": None, "elapsed_time": None, "start_time": None},
    ],
}


class World:
    """What each host's collector prints, as lines that tests may change, and the authority's certificate."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.ca: Made = make_ca(site.name, (site.domain,), NOW - timedelta(days=1))
        self.lines: dict[str, list[str]] = {}
        self.errors: dict[str, HostError] = {}
        self.signing = {"release": (subkey("A", 700),), "review": (subkey("B", 700),)}
        for host in site.hosts:
            lines = [f"unit={unit} LoadState=loaded ActiveState=active" for unit in units(site, host)]
            lines += [
                "disk=/srv 1000 700 30% /",
                "run=20261123T083000-abcdef01",
                "operator=alice@desk",
                "exit=success exited 0",
            ]
            lines += ["count=changed 0", "count=failed 0", "release=" + "a" * 64, f"now={int(NOW.timestamp())}"]
            if host.public:
                lines.append(f"certificate={encoded(self.certificate(300))}")
            self.lines[host.name] = lines
        functions = "".join(f"build:{job.name}:{job.step.role}\t0\t0\t1\n" for job in all_jobs(site))
        clients = "".join(f"{n} 10.0.0.{n} {name}_exec-0 : build:x\n" for n, name in enumerate(SLAVES, 20))
        self.lines["zuul01"] += [
            f"gearman=status {encoded(functions + '.')}",
            f"gearman=workers {encoded('19 127.0.0.1 Zuul : ' + chr(10) + clients + '.')}",
            f"page=zuul {page(zuul())}",
            "gerrit=1",
        ]
        self.lines["jenkins01"] += [
            f"page=nodes {page(nodes(), X_Jenkins='2.568.2')}",
            f"page=queue {page({'items': []})}",
        ]

    def certificate(self, days: int) -> str:
        """A host certificate that ends in so many days."""
        begun = NOW - timedelta(days=100) + timedelta(hours=2)
        return str(issue(self.ca, (f"zuul01.{self.site.domain}",), 100 + days, begun).public)

    def put(self, host: str, prefix: str, line: str | None) -> None:
        """Puts ``line`` in the place of the host's line that begins with ``prefix``; None removes it."""
        assert any(old.startswith(prefix) for old in self.lines[host]), prefix
        kept = [old for old in self.lines[host] if not old.startswith(prefix)]
        self.lines[host] = [*kept, *([line] if line else [])]

    def answers(self) -> Mapping[str, HostFacts | HostError]:
        return {
            name: self.errors.get(name)
            or Health(self.site, self.site.host(name)).read(Answers("\n".join([*lines, "end=yes"])))
            for name, lines in self.lines.items()
        }

    def status(self, now: datetime = NOW) -> Status:
        return judge(self.site, self.answers(), self.ca.public, now, self.signing)

    def problems(self) -> list[tuple[str, str]]:
        return [(problem.where, problem.what) for problem in self.status().problems]


@pytest.fixture
def world(site: Site) -> World:
    return World(site)
