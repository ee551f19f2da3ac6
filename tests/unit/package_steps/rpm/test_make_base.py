"""What the RPM that stands in for an EL base provides."""

from __future__ import annotations

from pkgci_steps.rpm import base, make_base
from pkgci_steps.settings import Target


def test_it_has_the_base_packages_names_with_upstreams_versions() -> None:
    names = make_base.names({"python3": "3.13.5-1", "zlib1g": "1:1.3.dfsg+really1.3.1-1+b1", "other": "1"})
    assert names == [
        "python3 = 3.13.5",
        "python3(x86-64) = 3.13.5",
        "zlib = 1.3",
        "zlib(x86-64) = 1.3",
    ]


def test_a_program_is_there_by_both_of_its_names() -> None:
    files = ["/.", "/bin", "/bin/bash", "/usr/sbin/useradd", "/usr/bin/[", "/usr/share/doc/bash/README", "/bin/$(id)"]
    assert make_base.paths(files) == [
        *("/bin/bash", "/sbin/useradd", "/bin/["),
        *("/usr/bin/bash", "/usr/sbin/useradd", "/usr/bin/["),
    ]


def test_the_same_root_gives_the_same_spec() -> None:
    assert make_base.spec(["b", "a", "b"]) == make_base.spec(["a", "b"])
    assert "Provides: a\nProvides: b\n" in make_base.spec(["b", "a"])


def test_every_result_of_a_stand_in_says_that_it_is_one() -> None:
    stand_in, real = Target("rpm", "rpm", "trixie"), Target("el9", "rpm", backend="mock", mock_root="x")
    assert "stands in for an EL base system" in base.details(stand_in)["stand_in"]
    assert base.details(real) == base.details(Target("trixie", "deb", "trixie")) == {}
