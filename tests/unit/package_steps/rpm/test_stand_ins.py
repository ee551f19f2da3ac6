"""What stands in, in a chroot made of Debian, for programs of an EL's macros packages."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from pkgci_steps.rpm import pyproject_files

from tests.unit.package_steps.conftest import LIBRARY
from tests.unit.package_steps.fetch.conftest import Signer, signer

__all__ = ["signer"]

GPGVERIFY = LIBRARY / "pkgci_steps/rpm/gpgverify"


@pytest.mark.parametrize(("data", "is_good"), [(b"the tarball", True), (b"another", False)])
def test_gpgverify_takes_a_good_signature_only(
    tmp_path: Path, signer: Callable[[str], Signer], data: bytes, is_good: bool
) -> None:
    ann = signer("ann")
    files = {"keyring": b"A key:\n" + ann.key, "signature": ann.sign(b"the tarball"), "data": data}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    command = ["sh", GPGVERIFY, *(f"--{name}={tmp_path / name}" for name in files)]
    assert (subprocess.run(command, capture_output=True, check=False).returncode == 0) is is_good


def test_the_files_of_a_wheel_are_listed_with_their_folders_and_without_programs(tmp_path: Path) -> None:
    record = tmp_path / "usr/lib/python3/dist-packages/greet-1.0.dist-info/RECORD"
    record.parent.mkdir(parents=True)
    record.write_text(
        '../../../bin/greet,x,1\ngreet/__init__.py,x,1\n"greet/data/a,b.txt",x,1\ngreet-1.0.dist-info/RECORD,,\n'
    )
    folder = PurePosixPath("/usr/lib/python3/dist-packages")
    assert pyproject_files.listing(tmp_path, folder).splitlines() == [
        f'%dir "{folder}/greet"',
        f'%dir "{folder}/greet/data"',
        f'%dir "{folder}/greet-1.0.dist-info"',
        f'"{folder}/greet/__init__.py"',
        f'"{folder}/greet/data/a,b.txt"',
        f'"{folder}/greet-1.0.dist-info/RECORD"',
    ]
