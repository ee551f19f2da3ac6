"""Whose a lab is, and what goes with a host that is made anew: nothing is asked of Docker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pkgci.errors import PkgciError
from pkgci.lab import lab
from pkgci.lab.hosts import HOST_LABEL, SITE_LABEL, Blueprint
from pkgci.lab.lab import Lab
from pkgci.model.load import load_site
from pkgci.model.site import Host, Site
from tests.unit.model.test_review import LAB, LAB_SITE


@pytest.fixture
def made_from(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Has the engine have a host of the lab, made from this site file."""

    def make(path: Path) -> None:
        labels = {SITE_LABEL: str(path), HOST_LABEL: "zuul01"}
        containers = SimpleNamespace(list=lambda **_: [SimpleNamespace(labels=labels, name="zuul01")])
        monkeypatch.setattr(lab, "connect", lambda: SimpleNamespace(containers=containers))

    return make


def test_a_lab_that_was_made_from_another_site_file_of_the_folder_is_the_same(
    site: Site, made_from: Callable[[Path], None]
) -> None:
    other = site.path.with_name("real-site.yaml")
    other.write_text(site.path.read_text())
    made_from(other)
    with Lab(site, lambda _: None).alone():
        pass


def test_a_lab_that_was_made_from_a_site_file_elsewhere_is_somebody_elses_until_that_is_gone(
    site: Site, made_from: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("elsewhere") / "site.yaml"
    other.write_text(site.path.read_text())
    made_from(other)
    with pytest.raises(PkgciError, match=r"made from .*elsewhere"), Lab(site, lambda _: None).alone():
        pass
    other.unlink()
    with Lab(site, lambda _: None).alone():
        pass


@pytest.mark.parametrize(("name", "known"), [("zuul01", True), ("review", False)])
def test_who_was_admitted_to_a_gerrit_is_forgotten_where_its_host_is_made_anew(
    write_site: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, name: str, known: bool
) -> None:
    site = load_site(write_site(LAB_SITE + LAB))
    people = site.directory / ".lab/people"
    people.parent.mkdir()
    people.write_text("carol\n")
    containers = SimpleNamespace(list=lambda **_: [], get=lambda _: None)
    monkeypatch.setattr(lab, "connect", lambda: SimpleNamespace(containers=containers))

    def made(client: object, blueprint: Blueprint) -> str:
        # A Gerrit that is made while somebody is still said to have an account would refuse him.
        assert people.exists() is known
        return "identity"

    played: dict[str, Any] = {
        "make_host": made,
        "wait_for_systemd": lambda *_: [],
        "wait_for_ssh": lambda _: None,
        "host_keys": lambda _: [],
        "bring": lambda *_: False,
        "host_key_of": lambda *_: {},
    }
    for one, play in played.items():
        monkeypatch.setattr(lab, one, play)
    lab_of_site = Lab(site, lambda _: None)
    lab_of_site._host_up({}, "", blueprint_of(site.host(name)))


def blueprint_of(host: Host) -> Any:
    """As much of it as a host needs to be made."""
    return SimpleNamespace(host=host, image="image", address=host.address)
