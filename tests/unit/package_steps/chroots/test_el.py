"""Roots of real distributions: whose packages they are made of, and who vouches for those."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from pkgci_steps.chroots import Purpose, el
from pkgci_steps.settings import Target
from pkgci_steps.status import Ended, Status

TARGET = Target(
    "el9", "rpm", mirror="https://m.example.org/9/", backend="mock", mock_root="centos-stream+epel-9-x86_64"
)


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "centos"
    folder.mkdir()
    for name in ("RPM-GPG-KEY-CentOS-Official", "RPM-GPG-KEY-CentOS-Official-SHA256", "RPM-GPG-KEY-CentOS-Testing"):
        (folder / name).touch()
    monkeypatch.setattr(el, "KEYS", tmp_path)
    return folder


def test_a_distribution_is_vouched_for_by_its_own_keys(keys: Path) -> None:
    names = ["RPM-GPG-KEY-CentOS-Official", "RPM-GPG-KEY-CentOS-Official-SHA256"]
    assert el.vouchers(TARGET) == [keys / name for name in names]


@pytest.mark.parametrize(
    ("changed", "why", "status"),
    [
        ({"mirror": None}, "tests of it need a `mirror:`", Status.MISUSED),
        ({"mock_root": "unheard-of-9-x86_64"}, "nobody is known to vouch for 'unheard-of-9-x86_64'", Status.MISUSED),
        ({"mock_root": "centos-stream"}, "names no release", Status.MISUSED),
        ({"mock_root": "rocky-9-x86_64"}, "there is no key .*rocky/RPM-GPG-KEY-Rocky-9 here", Status.INFRASTRUCTURE),
    ],
)
def test_without_a_mirror_or_a_key_there_is_no_root(changed: dict[str, str], why: str, status: Status) -> None:
    with pytest.raises(Ended, match=why) as raised:
        el.vouchers(dataclasses.replace(TARGET, **changed))
    assert raised.value.status is status


def test_every_package_of_a_root_is_checked_against_the_keys() -> None:
    text = el.repositories(TARGET, [Path("/a"), Path("/b")])
    assert "baseurl=https://m.example.org/9/\n" in text
    assert "gpgcheck=1\ngpgkey=file:///a file:///b\n" in text


def test_components_are_folders_of_the_mirror() -> None:
    text = el.repositories(dataclasses.replace(TARGET, components=("BaseOS", "AppStream")), [])
    assert [line for line in text.splitlines() if line.startswith("[")] == [
        "[pkgci-base-baseos]",
        "[pkgci-base-appstream]",
    ]
    assert "baseurl=https://m.example.org/9/AppStream/" in text


def test_dnf_asks_the_mirror_alone(tmp_path: Path) -> None:
    command = [
        str(word) for word in el.dnf(TARGET, Purpose.TEST, tmp_path / "outside", tmp_path / "root", tmp_path / "room")
    ]
    assert f"--setopt=reposdir={tmp_path}/outside" in command
    assert f"--installroot={tmp_path}/root" in command
    assert "--releasever=9" in command
    assert f"--setopt=cachedir={tmp_path}/root/var/cache/dnf" in command
    assert "procps-ng" in command
    assert "dbus" not in command
    assert "dbus" in el.dnf(TARGET, Purpose.SYSTEM, tmp_path, tmp_path, tmp_path)
