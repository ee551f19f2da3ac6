"""The signer with the real gpg and rpmsign: what it signs, gpg and rpm take."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pkgci_steps.log import Log
from pkgci_steps.programs import Programs, Stop
from pkgci_steps.repository import places, signing
from pkgci_steps.signer import main

LIBRARY = Path(__file__).parents[4] / "puppet/site-modules/package_steps/files"
_NEEDED = ("gpg", "gpgconf", "rpmbuild", "rpmsign", "rpmkeys")
pytestmark = pytest.mark.skipif(
    any(shutil.which(name) is None for name in _NEEDED), reason=f"needs {', '.join(_NEEDED)}"
)
SPEC = """\
Name: tiny
Version: 1
Release: 1
Summary: A package of the tests
License: none
BuildArch: noarch
%description
It does nothing.
%files
"""
CLIENT = """\
#!{python} -I
import sys
sys.path.insert(0, "{library}")
from pathlib import Path
from pkgci_steps.signer.client import main
sys.exit(main(None, Path("{door}")))
"""


class Office:
    """A signer with a key of its own, in a folder whose name is short: gpg's agent has a socket there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.home = folder / "gnupg"
        self.home.mkdir(mode=0o700)
        self.run("gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "a", "rsa2048", "sign")
        listed = self.run("gpg", "--list-keys", "--with-colons").splitlines()
        key = next(line for line in listed if line.startswith("fpr:")).split(":")[9]
        (folder / "signing.json").write_text(json.dumps({"release": [f"{key}!"], "review": [f"{key}!"]}))
        client = folder / "pkgci-sign"
        client.write_text(CLIENT.format(python=sys.executable, library=LIBRARY, door=folder / "door"))
        client.chmod(0o755)
        monkeypatch.setattr(main, "HOME", self.home)
        monkeypatch.setattr(main._Server, "timeout", 1.0)
        monkeypatch.setattr(signing, "_SIGN", str(client))
        monkeypatch.setitem(places.ACCOUNTS, "release", pwd.getpwuid(os.geteuid()).pw_name)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(folder / "door"))
        listening.listen()
        self.said: list[str] = []
        signer = main.Signer("lab", file=folder / "signing.json", say=self.said.append)
        threading.Thread(target=main.serve, args=(signer, listening), daemon=True).start()
        self._log = (folder / "log").open("wb")
        self.signer = signing.Signer((f"{key}!",), "release", Programs(Log(self._log, "try"), Stop(), folder))

    def run(self, *command: str | Path) -> str:
        environment = {**os.environ, "GNUPGHOME": str(self.home)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def close(self) -> None:
        self._log.close()
        self.run("gpgconf", "--kill", "all")


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("s")
    made = Office(folder, monkeypatch)
    yield made
    made.close()


def test_gpg_takes_the_signatures_of_indexes(office: Office) -> None:
    release, repomd = office.folder / "Release", office.folder / "repomd.xml"
    release.write_text("Origin: lab\nLabel: lab\nSuite: trixie\n")
    repomd.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo"></repomd>\n'
    )
    office.signer.clear(release, office.folder / "InRelease")
    office.signer.detached(release, office.folder / "Release.gpg")
    office.signer.detached_one(repomd, office.folder / "repomd.xml.asc")
    office.run("gpg", "--verify", office.folder / "InRelease")
    office.run("gpg", "--verify", office.folder / "Release.gpg", release)
    office.run("gpg", "--verify", office.folder / "repomd.xml.asc", repomd)
    assert "Label: lab\n" in (office.folder / "InRelease").read_text()


def test_rpm_takes_the_signature_of_a_package_whose_header_alone_the_signer_saw(office: Office) -> None:
    (office.folder / "tiny.spec").write_text(SPEC)
    office.run("rpmbuild", "-bb", "--quiet", "--define", f"_topdir {office.folder}/rpm", office.folder / "tiny.spec")
    package = next((office.folder / "rpm").rglob("*.rpm"))
    office.signer.rpms([package])
    (office.folder / "key.asc").write_text(office.run("gpg", "--armor", "--export"))
    base = f"--dbpath={office.folder}/base"
    office.run("rpmkeys", base, "--import", office.folder / "key.asc")
    assert "digests signatures OK" in office.run("rpmkeys", base, "--checksig", package)
    size = int(office.said[0].partition(" bytes")[0].rpartition(" ")[2])
    assert 0 < size < package.stat().st_size
