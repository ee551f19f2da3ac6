"""The mark of a build that is no release, in a spec file that strangers have written."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from pkgci_steps.build.rpm_release import with_suffix
from pkgci_steps.status import Ended, Status

MARK = "~c5.2"


def test_the_release_of_every_package_gets_the_mark_and_nothing_else_does() -> None:
    text = "Name: a\nRelease:\t1%{?dist}  \n%package b\nrelease: 2\nRequires: a = %{version}-%{release}\n"
    marked = with_suffix(text, MARK)
    assert marked == text.replace("1%{?dist}  \n", "1%{?dist}~c5.2  \n").replace("release: 2", "release: 2~c5.2")


def test_a_release_is_built_of_the_very_text() -> None:
    text = "Name: a\nRelease: 1\n"
    assert with_suffix(text, "") == text


def test_either_branch_of_a_condition_gets_the_mark() -> None:
    text = "%if 0%{?rhel}\nRelease: 1\n%else\nRelease: 2\n%endif\n"
    assert with_suffix(text, MARK) == "%if 0%{?rhel}\nRelease: 1~c5.2\n%else\nRelease: 2~c5.2\n%endif\n"


@pytest.mark.parametrize(
    "section",
    [
        "%install\ncat > R <<EOF\nRelease: 12\nEOF\n",
        "%description\nRelease: 12\n",
        "%description -n other\nRelease: 12\n",
        "%post -p /bin/sh\nRelease: 12\n",
        "%preun\nRelease: 12\n",
        "%posttrans\nRelease: 12\n",
        "%filetriggerin -- /usr\nRelease: 12\n",
        "%transfiletriggerpostun\nRelease: 12\n",
        "%generate_buildrequires\nRelease: 12\n",
        "%files\nRelease: 12\n",
        "%changelog\nRelease: 12\n",
    ],
)
def test_a_line_of_a_section_is_no_tag(section: str) -> None:
    assert with_suffix(f"Release: 1\n{section}", MARK) == f"Release: 1{MARK}\n{section}"


@pytest.mark.parametrize(
    "macro",
    [
        "%define release_file() \\\nRelease: 12 \\\n%{nil}\n",
        "%global text %{expand:\nRelease: 12\n}\n",
        "%{lua:\nrpm.define('text x')\n-- \nRelease: 12\n}\n",
        "%global text %(cat <<EOF\nRelease: 12\nEOF\n)\n",
    ],
)
def test_a_line_of_a_macro_is_no_tag(macro: str) -> None:
    assert with_suffix(f"{macro}Release: 1\n", MARK) == f"{macro}Release: 1{MARK}\n"


def test_a_macro_without_braces_does_not_swallow_the_mark() -> None:
    assert with_suffix("Release: %autorelease -b 3\n", MARK) == "Release: %{expand:%autorelease -b 3}~c5.2\n"


def test_a_spec_without_a_release_before_its_first_section_is_refused() -> None:
    with pytest.raises(Ended, match="no line 'Release: …' before its first section") as raised:
        with_suffix("Name: a\n%install\nRelease: 12\n", MARK)
    assert raised.value.status is Status.FAILED


@pytest.mark.skipif(shutil.which("rpmspec") is None, reason="this machine has no rpm")
@pytest.mark.parametrize(
    ("release", "becomes"),
    [("1", "1~c5.2"), ("1%{?dist}", "1.el9~c5.2"), ("%autorelease -b 3", "3.el9~c5.2"), ("%{mine}", "7~c5.2")],
)
def test_rpm_reads_the_marked_release(tmp_path: Path, release: str, becomes: str) -> None:
    file = tmp_path / "a.spec"
    head = f"%global mine 7\nName: a\nVersion: 1\nRelease: {release}\nSummary: a\nLicense: a\n"
    file.write_text(
        with_suffix(f"{head}%description\na\n%package b\nSummary: b\n%description b\nb\n%files\n%files b\n", MARK)
    )
    macros = ["--define", "dist .el9", "--define", "autorelease(b:) %{-b*}%{?dist}"]
    said = subprocess.run(
        ["rpmspec", *macros, "--query", "--qf", "%{RELEASE}\n", file], check=True, capture_output=True, text=True
    ).stdout
    assert said.split() == [becomes, becomes]
