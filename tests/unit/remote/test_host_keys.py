"""Nothing is said to a host before its key is known to be its own."""

from __future__ import annotations

import asyncssh
import pytest

from pkgci.remote.errors import ChangedHostKeyError, UnknownHostKeyError
from pkgci.remote.session import Session, open_session
from pkgci.remote.trust import NewKey, Trust, accept, refuse
from tests.unit.sshd.network import Network


def session(network: Network, trust: Trust | None = None, name: str = "zuul01") -> Session:
    site = network.site(timeouts={"connect": 60, "command": 60})
    return open_session(site, site.host(name), trust or Trust.of(site))


def trusting(network: Network, confirm: object) -> Trust:
    return Trust.of(network.site(), confirm)  # type: ignore[arg-type]


def test_a_host_whose_key_nobody_knows_gets_no_login(network: Network) -> None:
    host = network.host("zuul01", known=False)
    with pytest.raises(UnknownHostKeyError, match="zuul01"):
        session(network, trusting(network, refuse))
    assert host.logins == [] and host.heard == []
    assert not network.known_hosts.exists()


def test_a_key_that_is_accepted_is_recorded_and_needs_no_answer_again(network: Network) -> None:
    host = network.host("zuul01", known=False)
    host.on("id", "root")
    with session(network, trusting(network, accept)) as opened:
        assert opened.run("id").stdout == "root"
    kind, text = host.host_key.export_public_key().decode().split()[:2]
    assert network.known_hosts.read_text() == f"zuul01 {kind} {text}\n"
    session(network, trusting(network, refuse)).close()


def test_who_is_asked_sees_the_hosts_own_key(network: Network) -> None:
    host = network.host("zuul01", known=False)
    asked: list[NewKey] = []

    def confirm(new: NewKey) -> bool:
        asked.append(new)
        return True

    session(network, trusting(network, confirm)).close()
    assert [(new.host.name, new.key.fingerprint) for new in asked] == [("zuul01", host.host_key.get_fingerprint())]


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
def test_a_host_with_another_key_than_the_recorded_one_gets_no_login(network: Network, kind: str) -> None:
    host = network.host("zuul01", known=False)
    network.record("zuul01", asyncssh.generate_private_key(kind))
    with pytest.raises(ChangedHostKeyError, match="zuul01") as caught:
        session(network, trusting(network, accept))
    assert str(host.host_key.get_fingerprint()) in caught.value.message
    assert host.logins == []


def test_one_of_several_recorded_keys_is_enough(network: Network) -> None:
    network.host("zuul01", known=False)
    network.record("zuul01", asyncssh.generate_private_key("ecdsa-sha2-nistp256"))
    network.record("zuul01", network.hosts["zuul01"].host_key)
    session(network).close()


def test_the_key_of_a_jump_host_counts_as_much(network: Network) -> None:
    jump = network.host("jump01", known=False)
    inner = network.host("zuul01", ssh={"jump": "jump01", "key": "id_ed25519"})
    with pytest.raises(UnknownHostKeyError, match="zuul01: its jump host jump01"):
        session(network, trusting(network, refuse))
    network.record("jump01", asyncssh.generate_private_key("ssh-ed25519"))
    with pytest.raises(ChangedHostKeyError, match="zuul01: its jump host jump01"):
        session(network)
    assert jump.logins == inner.logins == []


def test_a_jump_host_cannot_pose_as_the_host_behind_it(network: Network) -> None:
    jump = network.host("jump01")
    inner = network.host("zuul01", ssh={"jump": "jump01", "key": "id_ed25519"})
    jump.forwards = {inner.address: jump}
    with pytest.raises(ChangedHostKeyError, match="zuul01"):
        session(network)
    assert inner.logins == []
