"""What has left the site file, what that means for a bootstrap, and how a host is retired."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.cli.bootstrap_leaving import in_turn
from pkgci.errors import UsageError
from pkgci.leavers import memory
from pkgci.leavers.leaving import Leaving, check_alone, leaving, leftovers
from pkgci.leavers.memory import recall, remembered
from pkgci.leavers.retiring import site_with, to_rotate
from pkgci.model.flows import Place
from pkgci.model.load import load_site
from pkgci.model.roles import Role
from pkgci.model.rules import inbound
from pkgci.model.site import Host, Site
from pkgci.puppetrun.result import RunResult
from pkgci.remote.errors import HostError
from pkgci.remote.fanout import no_connection
from pkgci.remote.pool import Pool
from pkgci.render.hiera import Placeholders, Renderer
from pkgci.secrets.needs import RELEASE_KEY, signing_name
from tests.unit.cli.test_bootstrap import GOOD
from tests.unit.conftest import SITE


def changed(write_site: Callable[[str], Path], *replacements: tuple[str, str]) -> Site:
    text = SITE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return load_site(write_site(text))


def bootstrapped(site: Site) -> None:
    """Every host of ``site`` is as it is declared."""
    for host in site.hosts:
        memory.done(site, remembered(host, [f"secret/of/{host.name}"]))


# pub01 is gone: its role moves to log01.
MOVED = (
    ("  pub01: {role: publisher, address: 203.0.113.12}\n", ""),
    ("[log_server, monitoring]", "[log_server, monitoring, publisher]"),
    ("os: debian-12", "os: debian-13"),
)
NEW_ZUUL = ("zuul01: {role: zuul, address: 203.0.113.10}", "zuul02: {role: zuul, address: 203.0.113.20}")
SWAPPED = (
    ("zuul01: {role: zuul,", "zuul01: {role: monitoring,"),
    ("roles: [log_server, monitoring]", "roles: [log_server, zuul]"),
)


def test_a_host_that_left_is_named_with_what_it_was_and_the_command(
    site: Site, write_site: Callable[[str], Path]
) -> None:
    bootstrapped(site)
    after = changed(write_site, *MOVED)
    (one,) = leftovers(after, leaving(after, recall(after)))
    assert str(one) == (
        "pub01 was bootstrapped as publisher, and is no longer in site.yaml: `pkgci retire pub01` takes that away"
    )


def test_a_role_that_left_a_host_is_named_until_the_host_is_bootstrapped(
    site: Site, write_site: Callable[[str], Path]
) -> None:
    bootstrapped(site)
    after = changed(write_site, *SWAPPED)
    told = leftovers(after, leaving(after, recall(after)))
    assert [(one.host, one.what) for one in told] == [
        ("zuul01", "is no longer zuul, and still has what that brought"),
        ("log01", "is no longer monitoring, and still has what that brought"),
    ]
    assert told[0].next == "pkgci bootstrap --host zuul01"
    memory.begin(after, [remembered(after.host("zuul01"), [])])
    assert recall(after)["zuul01"].roles == (Role.ZUUL, Role.MONITORING), "a run that has only begun took nothing away"
    memory.done(after, remembered(after.host("zuul01"), []))
    assert recall(after)["zuul01"].roles == (Role.MONITORING,)


def test_where_all_is_as_it_was_nothing_has_left(site: Site) -> None:
    assert leaving(site, {}) == Leaving((), {})
    bootstrapped(site)
    assert leaving(site, recall(site)) == Leaving((), {})


def test_a_broken_memory_is_no_obstacle(site: Site) -> None:
    bootstrapped(site)
    file = site.directory / ".pkgci/hosts.json"
    file.write_text(file.read_text().replace('"203.0.113.12"', '"nowhere"').replace('"zuul"', '"a role of tomorrow"'))
    assert set(recall(site)) == {host.name for host in site.hosts} - {"pub01"}
    assert recall(site)["zuul01"].roles == ()
    file.write_text("{")
    assert recall(site) == {}


def test_no_zuul_is_started_beside_one_that_left_the_site(site: Site, write_site: Callable[[str], Path]) -> None:
    bootstrapped(site)
    after = changed(write_site, NEW_ZUUL)
    left = leaving(after, recall(after))
    with pytest.raises(UsageError, match="two would vote on every change") as error:
        check_alone(after, left, after.hosts)
    assert error.value.hint is not None
    assert "`pkgci retire zuul01`" in error.value.hint
    check_alone(after, left, [after.host("pub01")])
    memory.forget(after, "zuul01")
    check_alone(after, leaving(after, recall(after)), after.hosts)


def test_no_zuul_is_started_beside_one_on_a_host_that_is_not_asked(
    site: Site, write_site: Callable[[str], Path]
) -> None:
    bootstrapped(site)
    after = changed(write_site, *SWAPPED)
    with pytest.raises(UsageError) as error:
        check_alone(after, leaving(after, recall(after)), [after.host("log01")])
    assert error.value.hint == "pkgci bootstrap --host zuul01 --host log01"
    check_alone(after, leaving(after, recall(after)), after.hosts)


def run(site: Site, refuse: tuple[str, ...] = (), noop: bool = False) -> tuple[list[str], dict[str, object]]:
    """A bootstrap of all hosts: who was worked on, in order, and what came of each."""
    order: list[str] = []

    def work(host: Host) -> RunResult:
        order.append(host.name)
        if host.name in refuse:
            raise HostError(host.name, "is away")
        return GOOD

    left = leaving(site, recall(site))
    results = in_turn(
        site.hosts,
        left,
        work,
        Pool(),
        noop=noop,
        parallel=1,
        connect=no_connection,
        done=lambda host, result: None,
    )
    return order, dict(results)


def test_hosts_that_a_role_leaves_come_before_the_host_that_gets_it(
    site: Site, write_site: Callable[[str], Path]
) -> None:
    bootstrapped(site)
    after = changed(write_site, *SWAPPED)
    order, results = run(after)
    assert order == ["zuul01", "log01", *(name for name in results if name not in ("zuul01", "log01"))]
    assert list(results) == [host.name for host in after.hosts]


def test_where_the_old_zuul_could_not_be_stopped_the_new_one_is_not_started(
    site: Site, write_site: Callable[[str], Path]
) -> None:
    bootstrapped(site)
    after = changed(write_site, ("zuul01: {role: zuul,", "zuul01: {role: monitoring,"), ("monitoring]", "zuul]"))
    memory.done(after, remembered(after.host("log01"), []))
    order, results = run(after, refuse=("zuul01",))
    assert "log01" not in order
    refused = results["log01"]
    assert isinstance(refused, HostError)
    assert "zuul01 may still run Zuul" in refused.reason
    assert "log01" in run(after, refuse=("zuul01",), noop=True)[0], "a noop run starts nothing, and shows everything"


def test_a_retired_host_has_no_role_and_lets_only_management_in(site: Site, write_site: Callable[[str], Path]) -> None:
    bootstrapped(site)
    after = changed(write_site, *MOVED)
    retired = recall(after)["pub01"].retired()
    with_it = site_with(after, retired)
    assert (retired.address, retired.ssh) == ("203.0.113.12", site.host("pub01").ssh)
    assert {rule.number for rule in inbound(with_it, retired) if rule.source is Place.MANAGEMENT} == {22}
    assert not [rule for rule in inbound(with_it, retired) if rule.number in (80, 443)]
    text = "".join(Renderer(with_it).render(retired, Placeholders()).files.values())
    assert "roles: []" in text
    assert "<secret" not in text


def test_what_a_retired_host_knew_and_the_site_still_needs_is_to_be_made_anew(site: Site) -> None:
    names = [signing_name(RELEASE_KEY), "log_server/upload_ssh_key", "tls/pub02", "of/yesterday"]
    host = remembered(site.host("pub01"), names).model_copy(update={"name": "pub02"})
    assert to_rotate(site, host) == ("log_server/upload_ssh_key", "release-key")
