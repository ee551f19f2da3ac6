"""The lab's machine with the stand-ins: when there is one, where it is, and what it is told."""

from collections.abc import Callable
from dataclasses import asdict
from ipaddress import IPv4Network

import pytest

from pkgci.errors import NothingReachedError, UsageError
from pkgci.lab.engine import CgroupVersion
from pkgci.lab.hosts import make_blueprint
from pkgci.lab.keys import run_ssh
from pkgci.lab.network import lab_hosts
from pkgci.lab.stand_ins.access import clone, run_gerrit
from pkgci.lab.stand_ins.furnish import project_files, review_settings
from pkgci.lab.stand_ins.host import stand_ins_host, stands_in_for
from pkgci.lab.stand_ins.image import stand_ins_image
from pkgci.model.site import Site
from tests.unit.lab.conftest import SITE

LAB = SITE + "lab: {}\n"
NOTHING = SITE + "lab: {review: none, jenkins: real}\n"


@pytest.fixture
def lab(load: Callable[[str], Site]) -> Site:
    return load(LAB)


def test_the_machine_is_part_of_the_lab_and_has_the_reviews_name_too(lab: Site) -> None:
    host = stand_ins_host(lab)
    assert host is not None
    assert (host.address, host.fqdn, host.aliases) == ("198.18.7.250", "stand-ins.pkg.lab.test", ("review.lab.test",))
    assert lab_hosts(lab)[-1] == host
    assert stands_in_for(lab) == ("Gerrit", "Jenkins")


def test_it_takes_the_highest_address_that_is_free(load: Callable[[str], Site]) -> None:
    host = stand_ins_host(load(LAB.replace("198.18.7.200", "198.18.7.250")))
    assert host is not None
    assert host.address == "198.18.7.249"


def test_a_lab_with_the_real_things_has_no_such_machine(load: Callable[[str], Site], site: Site) -> None:
    for without in (load(NOTHING), site):
        assert stand_ins_host(without) is None
        assert [host.name for host in lab_hosts(without)] == ["main", "work", "outside"]


def test_with_the_jenkins_package_alone_nobody_takes_the_reviews_name(load: Callable[[str], Site]) -> None:
    site = load(SITE + "lab: {review: none}\n")
    host = stand_ins_host(site)
    assert host is not None
    assert host.aliases == ()
    settings = review_settings(site, "ssh-ed25519 LAB", "ssh-ed25519 ZUUL")
    assert (settings.port, settings.projects, settings.keys_of("alice")) == (0, (), ())


def test_a_host_of_the_site_with_its_name_is_refused(load: Callable[[str], Site]) -> None:
    site = load(LAB.replace("\n  main:", "\n  stand-ins:").replace("jump: main", "jump: stand-ins"))
    with pytest.raises(UsageError, match="the name is that of the lab's own machine"):
        stand_ins_host(site)


def test_every_host_finds_the_reviews_name(lab: Site) -> None:
    network = IPv4Network("198.18.7.0/24")
    blueprint = make_blueprint(lab, lab.host("work"), "x", network, CgroupVersion.V1, ("k",))
    assert blueprint.host_settings()["extra_hosts"]["review.lab.test"] == "198.18.7.250"
    assert blueprint.host_settings()["extra_hosts"]["stand-ins.pkg.lab.test"] == "198.18.7.250"


def test_what_it_keeps_is_in_a_volume(lab: Site) -> None:
    host = stand_ins_host(lab)
    assert host is not None
    network = IPv4Network("198.18.7.0/24")
    blueprint = make_blueprint(lab, host, "x", network, CgroupVersion.V2, ("k",), (("v", "/var/lib/x"),))
    assert blueprint.host_settings()["binds"] == ["v:/var/lib/x:rw"]


def test_the_review_is_told_its_projects_and_whose_keys_open_what(lab: Site) -> None:
    settings = review_settings(lab, "ssh-ed25519 LAB", "ssh-ed25519 ZUUL")
    assert asdict(settings) | {"personal_keys": None} == {
        "host": "review.lab.test",
        "port": 29418,
        "web": "https://review.lab.test",
        "mail_domain": "pkg.lab.test",
        "ci_account": "zuul",
        "ci_keys": ("ssh-ed25519 ZUUL",),
        "common_keys": ("ssh-ed25519 LAB",),
        "personal_keys": None,
        "projects": ("hello",),
        "branch": "main",
        "trees": "/usr/local/lib/pkgci-stand-ins/projects",
    }
    assert settings.personal_keys == lab.administrator_keys


def test_a_project_named_like_an_example_begins_with_its_tree(load: Callable[[str], Site]) -> None:
    text = LAB.replace("{hello: {targets: [trixie]}}", "{packaging/greet: {targets: [trixie]}}")
    files = project_files(load(text))
    top = "usr/local/lib/pkgci-stand-ins/projects/packaging/greet"
    assert files[f"{top}/debian/rules"][0] == 0o755
    assert files[f"{top}/greet.spec"][0] == 0o644
    assert f"{top}/.gitignore" in files


def test_any_other_project_begins_with_scripts(load: Callable[[str], Site]) -> None:
    own = "{packaging/greet: {targets: [trixie], own_steps: true}}\nzuul: {trust: {accounts: [alice]}}"
    for project in ("{hello: {targets: [trixie]}}", own):
        assert project_files(load(LAB.replace("{hello: {targets: [trixie]}}", project))) == {}


def test_another_base_makes_another_image() -> None:
    assert stand_ins_image("pkgci-lab:a") != stand_ins_image("pkgci-lab:b")


def test_people_are_told_what_they_asked_wrongly(lab: Site, load: Callable[[str], Site]) -> None:
    for user in ("zuul", "No Name"):
        with pytest.raises(UsageError, match=user):
            run_gerrit(lab, user, ("version",))
    with pytest.raises(UsageError, match=r"no project 'helo'.*hello"):
        clone(lab, "helo", lab.directory / "x", None)
    with pytest.raises(UsageError, match="this lab has no Gerrit of its own"):
        run_gerrit(load(NOTHING), None, ("version",))


def test_a_lab_that_is_not_made_is_told_so_at_once(lab: Site) -> None:
    for ask in (lambda: run_gerrit(lab, None, ("version",)), lambda: clone(lab, "hello", lab.directory / "x", None)):
        with pytest.raises(NothingReachedError, match="is not made"):
            ask()
    with pytest.raises(NothingReachedError, match="is not made"):
        run_ssh(lab, lab.hosts[0], ())
