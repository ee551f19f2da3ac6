"""What dose-debcheck's report says, of which this is a real one."""

from __future__ import annotations

from pathlib import Path

import pytest
from pkgci_steps.repotest import dose
from pkgci_steps.status import Ended, Status
from pkgci_steps.step import Step

REPORT = """output-version: 1.2
native-architecture: amd64
report:
 -
  package: needs-greet
  version: 1.0
  architecture: amd64
  status: broken
  reasons:
   -
    missing:
     pkg:
      package: needs-greet
      version: 1.0
      architecture: amd64
      unsat-dependency: greet:amd64 (< 1.1~) | hello:amd64
 -
  package: top
  version: 1
  architecture: all
  status: broken
  reasons:
   -
    missing:
     pkg:
      package: middle
      version: 1
      architecture: amd64
      unsat-dependency: no-such-thing:amd64 (>= 2)
     depchains:
      -
       depchain:
        -
         package: top
         version: 1
         depends: middle:amd64
 -
  package: torn
  version: 1
  architecture: amd64
  status: broken
  reasons:
   -
    conflict:
     pkg1:
      package: left
      version: 1
      architecture: amd64
      unsat-conflict: right:amd64
     pkg2:
      package: right
      version: 1
      architecture: amd64

background-packages: 68825
foreground-packages: 6
total-packages: 68831
broken-packages: 3
"""


def test_every_broken_package_has_a_reason_in_words() -> None:
    assert {item.package: item.reason for item in dose.parse(REPORT)} == {
        "needs-greet": "it needs greet (< 1.1~) | hello, which nothing provides",
        "top": "middle needs no-such-thing (>= 2), which nothing provides",
        "torn": "left and right exclude each other, and it needs both",
    }


def test_a_reason_names_the_packages_that_it_is_about() -> None:
    assert [item.names for item in dose.parse(REPORT)] == [("greet", "hello"), ("no-such-thing",), ("left", "right")]


def test_nothing_broken_is_nothing_said() -> None:
    assert dose.parse("output-version: 1.2\nreport:\nbackground-packages: 1\ntotal-packages: 2\n") == []


def test_a_checker_that_fails_itself_is_no_pass(step: Step, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "base").touch()
    monkeypatch.setattr(step.programs, "output", lambda *_, **__: (64, b"Fatal error"))
    with pytest.raises(Ended, match="ended with status 64") as caught:
        dose.check(step, "amd64", tmp_path / "base", Path("ours"))
    assert caught.value.status is Status.INFRASTRUCTURE
