"""The screen: what is wrong first, short when all is well, never wider than the terminal."""

import json

import pytest

from pkgci.remote.errors import UnreachableError
from pkgci.status.data import as_data
from pkgci.status.judge import Status
from pkgci.status.report import screen
from tests.unit.status.conftest import ITEM, World, encoded, nodes, page, subkey, zuul


def lines(status: Status, width: int = 80) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in screen(status, width)]


def test_where_all_is_well_it_is_one_short_screen(world: World) -> None:
    shown = lines(world.status())
    assert shown[0].startswith("test: 7 hosts, all is as declared")
    assert len(shown) <= 20
    assert max(map(len, shown)) <= 80


def test_every_host_is_there_with_its_roles_its_last_run_and_its_services(world: World) -> None:
    world.put("build01", "count=changed", "count=changed 3")
    shown = lines(world.status())
    (zuul01,) = (line.split() for line in shown if line.startswith("zuul01"))
    assert zuul01 == ["zuul01", "zuul", "08:30", "as", "declared", "30", "%", "7", "of", "7", "up", "300", "days"]
    assert any(line.split() == ["monitoring"] for line in shown)
    assert any(line.startswith("build01") and "08:30 3 changed" in line for line in shown)


def test_what_is_wrong_comes_first_with_what_to_type(world: World) -> None:
    world.put("zuul01", "unit=geard", "unit=geard LoadState=loaded ActiveState=failed")
    world.put("zuul01", "disk=", "disk=/var/lib 100 5 95% /")
    shown = lines(world.status())
    assert shown[0].startswith("test: 7 hosts, 2 things are not as declared")
    assert shown[1] == "zuul01: geard has failed; the disk with /var/lib is 95 % full"
    assert shown[2] == "    pkgci bootstrap --host zuul01"


def test_places_where_the_same_is_wrong_stand_together(world: World) -> None:
    for name in ("build01", "systest01"):
        world.put(name, "exit=", "running=yes")
    shown = lines(world.status())
    assert shown[1:3] == ["build01, systest01: a run of alice@desk is under way", "    look again when it has ended"]


def test_what_goes_on_is_told_in_a_line_each(world: World) -> None:
    world.put("zuul01", "page=zuul", f"page=zuul {page(zuul(ITEM))}")
    text = "\n".join(lines(world.status()))
    assert "Gearman   11 functions, none missing; 4 workers; queue: 0 waiting, 0 running" in text.replace(
        "\n" + " " * 10, " "
    )
    assert "2.6.0: check 1, gate empty; 1 event wait" in text
    told = "check: packaging/hello 12,1, for 1:15 min: 1 SUCCESS, running packaging-hello-publish-trixie, 1 waiting"
    assert told in " ".join(text.split())
    assert "2.568.2: 4 of 4 nodes online, 4 of 8 executors busy, queue empty" in text


def test_the_stand_ins_are_named(world: World) -> None:
    world.put("jenkins01", "page=nodes", f"page=nodes {page(nodes(), X_Pkgci_Stand_In='jenkins', X_Jenkins='2.1')}")
    text = "\n".join(lines(world.status()))
    assert "2.1 (stand-in)" in text
    assert "Stand-ins Jenkins is the lab's own, not the real thing" in text


def test_hosts_that_are_away_leave_a_row_that_says_so(world: World) -> None:
    world.errors["pub01"] = UnreachableError("pub01", "it does not answer")
    shown = lines(world.status())
    assert shown[1] == "pub01: not reached: it does not answer"
    assert any(line.split()[:4] == ["pub01", "publisher", "not", "reached"] for line in shown)


@pytest.mark.parametrize("width", [60, 70, 80, 132])
def test_nothing_is_wider_than_the_terminal(world: World, width: int) -> None:
    world.put("zuul01", "page=zuul", f"page=zuul {page(zuul(*[ITEM] * 30))}")
    world.put("zuul01", "gearman=status", "gearman=status Lg==")
    world.put("jenkins01", "page=nodes", f"page=nodes {page(nodes(build01='a long story ' * 20))}")
    assert max(map(len, lines(world.status(), width))) <= width


def test_functions_that_nobody_offers_any_more_are_not_counted(world: World) -> None:
    answer = encoded("build:old\t0\t0\t0\nbuild:new\t0\t0\t2\n.\n")
    world.put("zuul01", "gearman=status", f"gearman=status {answer}")
    assert any(line.startswith("Gearman   1 function,") for line in lines(world.status()))


def test_machines_get_everything(world: World) -> None:
    world.put("zuul01", "page=zuul", f"page=zuul {page(zuul(ITEM))}")
    data = json.loads(json.dumps(as_data(world.status(), 1.5)))
    assert data["as_declared"] is True and data["problems"] == []
    assert set(data["hosts"]) == {host.name for host in world.site.hosts}
    assert data["hosts"]["zuul01"]["services"]["geard"] == "active"
    assert data["hosts"]["zuul01"]["certificate"]["days"] == 300
    assert data["hosts"]["zuul01"]["last_run"]["ok"] is True
    assert data["zuul"]["pipelines"]["check"][0]["change"] == "12,1"
    assert data["jenkins"]["nodes"]["build01"] == {"online": True, "reason": None, "executors": 2, "busy": 1}
    assert data["gearman"]["missing"] == []
    assert len(data["gearman"]["workers"]) == 4


def test_the_screen_says_how_long_packages_are_signed_with_what(world: World) -> None:
    world.signing["release"] = (subkey("A", 20), subkey("B", 700))
    text = " ".join(" ".join(lines(world.status(), 100)).split())
    assert "Keys release until 2028-10-23 (700 days), the old one until 2026-12-13; review until 2028-10-23" in text
    keys = as_data(world.status(), 0.1)["signing_keys"]
    assert [key["days"] for key in keys["release"]] == [20, 700]
