"""What is fetched for tests before anything of the change runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from pkgci_steps.install.root import Root, Said
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step
from pkgci_steps.systest import prepared

UNKNOWN = " satisfy:command-line : Depends: no-such-package but it is not installable\nE: Unable to correct problems\n"
GONE = "E: Failed to fetch http://mirror.example.org/x.deb  Temporary failure resolving 'mirror.example.org'\n"


@dataclass
class Fetching:
    """A root where apt says ``text``, and fails where that is anything; the mirror has no news of what is unknown."""

    step: Step
    text: str = ""
    asked: list[str] = field(default_factory=list)
    is_closed: bool = False

    def run(self, *command: str, network: bool = False) -> Said:
        assert network or "update" not in command
        self.asked.append(" ".join(command))
        if "update" in command and self.text == UNKNOWN:
            return Said(0, "")
        return Said(100 if self.text else 0, self.text)


def fetch(root: Fetching, built: Path | None = None) -> None:
    prepared.fetch_for_tests(root.step, cast(Root, root), ["curl, greet", "jq"], built)


def test_what_each_test_needs_is_fetched_and_what_a_build_of_the_source_needs(step: Step) -> None:
    root = Fetching(step)
    fetch(root, Path("/x/greet.dsc"))
    assert [line.partition("--download-only ")[2] for line in root.asked] == [
        "satisfy curl, greet",
        "satisfy jq",
        "build-dep /x/greet.dsc",
    ]


def test_what_cannot_be_had_is_autopkgtests_to_report(step: Step) -> None:
    fetch(Fetching(step, UNKNOWN))


def test_a_mirror_that_is_gone_is_infrastructure(step: Step) -> None:
    with pytest.raises(Ended) as ended:
        fetch(Fetching(step, GONE))
    assert ended.value.status is Status.INFRASTRUCTURE
