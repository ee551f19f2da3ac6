"""The firewall that is applied lets the operator in again."""

from dataclasses import replace

import pytest

from pkgci.facts.disks import Temporary
from pkgci.facts.runs import Room
from pkgci.model.site import Site
from pkgci.puppetrun.host_state import HostState
from pkgci.puppetrun.safety import check_ground, check_way_in
from pkgci.remote.errors import HostError


@pytest.mark.parametrize("client", ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::9"])
def test_who_comes_from_a_management_network_may_go_on(site: Site, client: str) -> None:
    check_way_in(site, site.host("zuul01"), client)


def test_a_firewall_that_would_lock_us_out_is_not_applied(site: Site) -> None:
    with pytest.raises(HostError, match=r"zuul01: .*would lock us out: we come from 198\.51\.100\.4") as caught:
        check_way_in(site, site.host("zuul01"), "198.51.100.4")
    assert "management: [192.0.2.0/24, 2001:db8::/64, 198.51.100.4/32]" in str(caught.value.hint)


def test_the_way_through_the_jump_host_stays_open(site: Site) -> None:
    check_way_in(site, site.host("build01"), "203.0.113.11")


def test_an_address_that_is_not_known_is_no_way_in(site: Site) -> None:
    with pytest.raises(HostError, match="from which address"):
        check_way_in(site, site.host("zuul01"), "")


ROOM = Room(free_kb=1_000_000, free_inodes=100_000)


def ground(site: Site, room: Room, temporary: Temporary | None = None) -> None:
    check_ground(site.host("zuul01"), HostState(room, temporary or Temporary(), frozenset(), None), 60_000)


def test_a_host_with_room_is_gone_on_with(site: Site) -> None:
    ground(site, ROOM)
    ground(site, replace(ROOM, free_inodes=None), Temporary(executes=False))


@pytest.mark.parametrize(
    ("room", "temporary", "said", "not_said"),
    [
        (replace(ROOM, free_kb=1000), Temporary(), "the disk is full: 0 MB", "inode"),
        (replace(ROOM, free_kb=0, problem="No space left on device"), Temporary(), "the disk is full: 0 MB", "inode"),
        (replace(ROOM, free_inodes=0, problem="No space left on device"), Temporary(), "inodes", "full"),
        (replace(ROOM, problem="Read-only file system"), Temporary(), "Read-only file system", "full"),
        (replace(ROOM, free_kb=None, problem="Permission denied"), Temporary(), "Permission denied", "full"),
        (replace(ROOM, free_kb=None), Temporary(), "does not tell how much room", "full"),
        (ROOM, Temporary("/tmp is read-only", executes=False), "/tmp is read-only", "disk"),
    ],
)
def test_each_lack_is_told_as_what_it_is(
    site: Site, room: Room, temporary: Temporary, said: str, not_said: str
) -> None:
    with pytest.raises(HostError, match=said) as error:
        ground(site, room, temporary)
    assert not_said not in error.value.reason
    assert error.value.hint
