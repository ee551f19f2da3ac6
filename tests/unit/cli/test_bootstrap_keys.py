"""The host keys that other hosts' data has: asked for before the data is rendered, and never in the way."""

import pytest

from pkgci.cli.bootstrap_keys import learn, pinned
from pkgci.model.site import Site
from pkgci.remote.errors import UnreachableError
from pkgci.remote.pool import Pool
from pkgci.remote.trust import Trust


def test_jenkins_data_needs_the_keys_of_every_slave_and_of_the_log_server(site: Site) -> None:
    needed = pinned(site, site.select(("jenkins_master",)))
    assert list(needed) == ["pub01", "log01", "build01", "install01", "systest01"]
    assert needed["build01"] == ("Jenkins gets no node for it yet",)


def test_zuuls_data_needs_no_hosts_key(site: Site) -> None:
    assert pinned(site, site.select(("zuul",))) == {}


def test_the_publisher_needs_the_build_hosts_key_and_the_log_servers(site: Site) -> None:
    assert set(pinned(site, site.select(("publisher",)))) == {"build01", "log01"}


def test_hosts_whose_keys_are_known_are_not_contacted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["pub01", "log01", "install01", "systest01", "[build01]:2222"]
    (site.directory / "known_hosts").write_text("".join(f"{name} ssh-ed25519 AAAA\n" for name in names))

    def contacted(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("pkgci.remote.session.open_session", contacted)
    learn(site, site.hosts, Trust.of(site), Pool(), parallel=2)


def test_a_host_that_is_away_is_remarked_on_with_what_that_means_and_stops_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(_: Site, host: object, *__: object, **___: object) -> None:
        raise UnreachableError(getattr(host, "name", ""), "it does not answer")

    monkeypatch.setattr("pkgci.remote.session.open_session", away)
    learn(site, site.select(("jenkins_master",)), Trust.of(site), Pool(), parallel=2)
    remarks = capsys.readouterr().err.splitlines()
    assert len(remarks) == 5
    assert (
        "build01's host key is not known: Jenkins gets no node for it yet (it does not answer); "
        "run bootstrap again once it answers" in remarks
    )


def test_a_gerrit_whose_key_nobody_pinned_is_remarked_on_with_how_to_pin_it(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    learn(site, site.select(("zuul",)), Trust.of(site), Pool(), parallel=2)
    assert "ssh-keyscan -p 29418 review.example.org" in capsys.readouterr().err
    (site.directory / "known_hosts").write_text("[review.example.org]:29418 ssh-ed25519 AAAA\n")
    learn(site, site.select(("zuul",)), Trust.of(site), Pool(), parallel=2)
    assert capsys.readouterr().err == ""
