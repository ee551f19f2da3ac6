"""The version in a spec file, in RDO's style and in others; as rpmspec itself expands it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from pkgci_steps.build.upstream.spec import with_version
from pkgci_steps.build.upstream.version import Version
from pkgci_steps.status import Ended, Status

VERSION = Version((3, 1, 0), commits=9)
RDO = """\
%{!?sources_gpg: %{!?dlrn:%global sources_gpg 1} }
%global sources_gpg_sign 0x0123456789
%{!?upstream_version: %global upstream_version %{version}%{?milestone}}
%global pypi_name greet

Name:           python-%{pypi_name}
Version:        XXX
Release:        XXX
Summary:        Greets
License:        Apache-2.0
URL:            https://example.org/
Source0:        https://tarballs.example.org/%{pypi_name}/%{pypi_name}-%{upstream_version}.tar.gz
%if 0%{?sources_gpg} == 1
Source101:      https://tarballs.example.org/%{pypi_name}/%{pypi_name}-%{upstream_version}.tar.gz.asc
Source102:      https://releases.example.org/_static/%{sources_gpg_sign}.txt
%endif
BuildArch:      noarch

%description
Version: this line is prose.

%prep
%if 0%{?sources_gpg} == 1
%{gpgverify}  --keyring=%{SOURCE102} --signature=%{SOURCE101} --data=%{SOURCE0}
%endif
%autosetup -n %{pypi_name}-%{upstream_version}

%install
cat > R <<EOF
Release: 12
EOF

%files

%changelog
"""


@pytest.mark.skipif(shutil.which("rpmspec") is None, reason="needs rpmspec")
def test_rdos_spec_is_built_of_the_commit_and_asks_for_no_signature(tmp_path: Path) -> None:
    file = tmp_path / "greet.spec"
    file.write_text(with_version(RDO, VERSION, "0.57.gabcdef0"))
    asked = ["rpmspec", "--define", "dist .el9", "--define", f"_topdir {tmp_path}"]
    query = [*asked, "--query", "--srpm", "--qf", "%{VERSION} %{RELEASE} [%{SOURCE} ]", str(file)]
    assert subprocess.run(query, check=True, capture_output=True, text=True).stdout.split() == [
        "3.1.0^git9",
        "0.57.gabcdef0.el9",
        "greet-3.1.1.dev9.tar.gz",
    ]
    parsed = subprocess.run([*asked, "--parse", str(file)], check=True, capture_output=True, text=True).stdout
    assert "greet-3.1.1.dev9'" in parsed
    assert "gpgverify" not in parsed


def test_only_the_preamble_is_told_the_version() -> None:
    changed = with_version(RDO, VERSION, "0.57.gabcdef0").splitlines()
    assert [line for line in changed if line.lower().startswith(("version:", "release:"))] == [
        "Version:        3.1.0^git9",
        "Release:        0.57.gabcdef0%{?dist}",
        "Version: this line is prose.",
        "Release: 12",
    ]


def test_a_spec_with_a_version_of_its_own_gets_that_of_the_commit() -> None:
    text = "Name: greet\nversion : %{base}\nRelease:\t3%{?dist}\n%description\n"
    changed = with_version(text, Version((3, 1, 0)), "0.1.gabc")
    assert "version : 3.1.0\nRelease:\t0.1.gabc%{?dist}\n" in changed


@pytest.mark.parametrize("line", ["Version", "Release"])
def test_a_spec_without_a_place_for_the_version_is_at_fault(line: str) -> None:
    with pytest.raises(Ended, match=f"no line '{line}: …' before its first section") as raised:
        with_version(RDO.replace(f"{line}:        XXX\n", ""), VERSION, "1")
    assert raised.value.status is Status.FAILED
