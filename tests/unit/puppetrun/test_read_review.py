"""The review copy on a host is read whole, or not at all."""

import pytest

from pkgci.puppetrun.review import read_review
from pkgci.remote.errors import HostError
from pkgci.remote.session import open_session
from pkgci.remote.trust import Trust
from tests.unit.sshd.network import Network


def read(network: Network, stdout: str, stderr: str = "", status: int = 0) -> dict[str, str] | None:
    network.host("zuul01").on("cd /var/lib/pkgci/current", stdout, stderr, status)
    site = network.site()
    with open_session(site, site.host("zuul01"), Trust.of(site), timeout=30) as session:
        return read_review(session)


def test_each_file_is_told_by_its_name(network: Network) -> None:
    assert read(network, "\001common.yaml\na: 1\n\001secrets\nx\n") == {"common.yaml": "a: 1\n", "secrets": "x\n"}


def test_a_host_without_a_release_has_no_review_copy(network: Network) -> None:
    assert read(network, "", status=3) is None


def test_a_copy_that_cannot_be_read_is_not_called_missing(network: Network) -> None:
    with pytest.raises(HostError, match="Permission denied"):
        read(network, "\001common.yaml\n", "cat: common.yaml: Permission denied\n", 1)
