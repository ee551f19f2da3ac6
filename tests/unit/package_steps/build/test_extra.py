"""The repositories of the site in a build's chroot."""

from __future__ import annotations

import base64
import io
import tarfile

import pytest
from pkgci_steps import review
from pkgci_steps.build.extra import PREFERENCES, SOURCES, setup_commands
from pkgci_steps.review import Repository
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

AHEAD = Repository(
    "gate-12-Z1", "https://pub/gate/12-Z1/deb/", "review.asc", 1002, {"Origin": "lab", "Label": "lab-gate-12-Z1"}
)
RELEASED = Repository("released", "https://pub/deb/", "release.asc", 990, {"Origin": "lab", "Label": "released"})


@pytest.fixture
def repositories(monkeypatch: pytest.MonkeyPatch) -> list[Repository]:
    found = [AHEAD, RELEASED]
    monkeypatch.setattr(review, "beside", lambda inputs, settings: tuple(found))
    return found


def unpacked(command: str) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(command.split()[1]))) as archive:
        return {member.name: (archive.extractfile(member) or io.BytesIO()).read().decode() for member in archive}


def test_each_repository_is_trusted_by_its_own_key_alone(step: Step, repositories: list[Repository]) -> None:
    write, _ = setup_commands(step, step.settings.target("trixie"))
    files = unpacked(write)
    assert "URIs: https://pub/gate/12-Z1/deb/" in files[SOURCES]
    assert files[SOURCES].count("Signed-By: /etc/pkgci/repository/review.asc") == 1
    assert files[SOURCES].count("Signed-By: /etc/pkgci/repository/release.asc") == 1
    assert files["etc/pkgci/repository/review.asc"] == files["etc/pkgci/repository/release.asc"] == "a key\n"
    assert files[PREFERENCES].index("lab-gate-12-Z1") < files[PREFERENCES].index("released")


def test_nothing_in_the_commands_is_a_word_of_sbuild(step: Step, repositories: list[Repository]) -> None:
    assert "%" not in "".join(setup_commands(step, step.settings.target("trixie")))


def test_without_any_repository_the_chroot_is_left_alone(step: Step, repositories: list[Repository]) -> None:
    repositories.clear()
    assert setup_commands(step, step.settings.target("trixie")) == []


def test_a_missing_key_is_no_fault_of_the_package(step: Step, repositories: list[Repository]) -> None:
    step.settings.repository.review_key.unlink()
    with pytest.raises(Ended, match=r"key .* cannot be read") as caught:
        setup_commands(step, step.settings.target("trixie"))
    assert caught.value.status is Status.INFRASTRUCTURE
