"""The image of a lab host, as a description."""

from dataclasses import replace

import pytest

from pkgci.errors import UsageError
from pkgci.lab.machine import Machine
from pkgci.lab.recipe import make_recipe, sources
from pkgci.model.roles import OperatingSystem

TRIXIE = OperatingSystem.DEBIAN_13


def test_a_host_gets_its_packages_from_the_machines_mirror_with_updates_and_security(machine: Machine) -> None:
    assert sources(TRIXIE, machine, None) == (
        "deb http://mirror.test/debian trixie main",
        "deb http://mirror.test/debian trixie-updates main",
        "deb http://mirror.test/security trixie-security main",
    )


def test_the_sites_own_mirror_wins_and_no_security_archive_is_guessed(machine: Machine) -> None:
    assert sources(TRIXIE, machine, "http://own.test/debian/") == (
        "deb http://own.test/debian trixie main",
        "deb http://own.test/debian trixie-updates main",
    )


def test_without_a_debian_mirror_on_the_machine_mmdebstrap_chooses(machine: Machine) -> None:
    assert sources(TRIXIE, replace(machine, debian=None), None) == ()


def test_an_ubuntu_host_without_an_ubuntu_mirror_is_a_clear_error(machine: Machine) -> None:
    with pytest.raises(UsageError, match="needs an Ubuntu mirror") as error:
        sources(OperatingSystem.UBUNTU_24_04, machine, None)
    assert "lab: {mirror:" in str(error.value.hint)


def test_the_tag_changes_with_packages_mirror_and_files_and_with_nothing_else(machine: Machine) -> None:
    recipe = make_recipe(TRIXIE, machine, None, ("puppet-module-a",))
    assert recipe.tag == make_recipe(TRIXIE, machine, None, ("puppet-module-a",)).tag
    others = [
        make_recipe(TRIXIE, machine, None, ("puppet-module-b",)),
        make_recipe(TRIXIE, machine, "http://own.test/debian", ("puppet-module-a",)),
        make_recipe(
            TRIXIE,
            replace(machine, certificates={"company.crt": "-----BEGIN CERTIFICATE----x\n"}),
            None,
            ("puppet-module-a",),
        ),
        make_recipe(OperatingSystem.DEBIAN_12, machine, None, ("puppet-module-a",)),
    ]
    assert len({recipe.tag, *(other.tag for other in others)}) == 5
    assert recipe.tag.startswith("debian-13-")


def test_the_image_trusts_what_the_machine_trusts(machine: Machine) -> None:
    files = make_recipe(TRIXIE, machine, None, ()).files
    assert files["usr/local/share/ca-certificates/company.crt"][1] == b"-----BEGIN CERTIFICATE-----\n"
    assert files["etc/pip.conf"][1].decode() == (
        "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\nindex-url = https://pip.test/simple\n"
    )


def test_the_image_holds_no_host_key_and_no_machine_id(machine: Machine) -> None:
    command = "\n".join(make_recipe(TRIXIE, machine, None, ()).command("/x.tar"))
    assert 'rm -f "$1"/etc/ssh/ssh_host_*' in command
    assert ': > "$1"/etc/machine-id' in command


def test_programs_of_the_image_can_be_run(machine: Machine) -> None:
    files = make_recipe(TRIXIE, machine, None, ()).files
    assert files["usr/local/lib/pkgci-lab/isolate"][0] == 0o755
    assert files["etc/systemd/system/lab-isolation.service"][0] == 0o644
    assert files["usr/local/lib/pkgci-lab/allow-namespaces"][0] == 0o755
