"""The repositories' keys: what stays here, what the publisher gets, and how one subkey follows another."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pkgci.errors import PkgciError, UsageError
from pkgci.model.site import Site
from pkgci.secrets import openpgp
from pkgci.secrets.repository_keys import signing_subkeys
from pkgci.secrets.rotation import carry_out, plan
from pkgci.secrets.store import SecretStore
from pkgci.secrets.upkeep import complete, rotate
from tests.unit.secrets.conftest import NOW

Opened = Callable[[], SecretStore]
RELEASE, SIGNING = "repository/release", "repository/release_signing"
LATER = NOW + timedelta(days=700)


class Gpg:
    """GnuPG as on a publisher, or on a user's machine."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str | Path, stdin: str = "", check: bool = True) -> str:
        # The keys' own time: what was made in a test is not of today.
        clock = ("--faked-system-time", f"{LATER:%Y%m%dT%H%M%S}")
        done = subprocess.run(
            ["gpg", "--homedir", self.home, "--batch", "--quiet", *clock, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def records(self, kind: str, text: str) -> list[list[str]]:
        """The fields of what GnuPG says of the keys in ``text``, of one ``kind``."""
        lines = self("--with-colons", "--show-keys", stdin=text).splitlines()
        return [line.split(":") for line in lines if line.startswith(f"{kind}:")]


@pytest.fixture
def gpg() -> Iterator[Gpg]:
    # A socket's path is short.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        yield Gpg(Path(home))
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=True)


def subkeys(store: SecretStore) -> list[str]:
    return [subkey.fingerprint for subkey in signing_subkeys(store.public(SIGNING))]


def test_a_primary_key_certifies_only_and_a_subkey_signs_as_long_as_the_site_says(
    site: Site, filled: Opened, gpg: Gpg
) -> None:
    certificate = filled().public(RELEASE)
    (primary,), (subkey,) = gpg.records("pub", certificate), gpg.records("sub", certificate)
    assert "s" not in primary[11]
    assert (subkey[11], int(subkey[6]) - int(subkey[5])) == ("s", site.repository.key_days * 86400)
    assert gpg.records("uid", certificate)[0][9] == "test packages (release)"


def test_the_publisher_signs_and_cannot_certify(filled: Opened, gpg: Gpg) -> None:
    store = filled()
    gpg("--import", stdin=store.secret(SIGNING))
    listed = gpg("--with-colons", "--list-secret-keys").splitlines()
    # GnuPG marks with # what it has no secret of.
    assert [line.split(":")[14] for line in listed if line.startswith(("sec:", "ssb:"))] == ["#", "+"]
    (subkey,) = subkeys(store)
    signed = gpg("--armor", "--clearsign", "--local-user", f"{subkey}!", stdin="Release\n")
    assert "BEGIN PGP SIGNATURE" in signed
    fingerprint = next(line.split(":")[9] for line in listed if line.startswith("fpr:"))
    said = gpg("--passphrase", "", "--quick-add-key", fingerprint, "ed25519", "sign", check=False)
    assert "Secret parts of primary key are not available" in said


def test_release_and_review_have_nothing_in_common(filled: Opened, gpg: Gpg) -> None:
    store = filled()
    names = [
        record[9] for key in ("release", "review") for record in gpg.records("fpr", store.public(f"repository/{key}"))
    ]
    assert len(set(names)) == len(names) == 4


def test_a_rotation_adds_a_subkey_and_the_old_one_goes_on_signing(site: Site, filled: Opened, gpg: Gpg) -> None:
    old = subkeys(filled())
    outcome = carry_out(plan(site, filled(), RELEASE, finish=False), filled(), LATER)
    assert outcome.hosts == ("pub01", "build01", "install01", "systest01")
    store = filled()
    assert subkeys(store)[0] == old[0]
    assert len(subkeys(store)) == 2
    gpg("--import", stdin=store.secret(SIGNING))
    for subkey in subkeys(store):
        gpg("--armor", "--clearsign", "--local-user", f"{subkey}!", stdin="Release\n")


def test_the_certificate_has_the_newest_subkey_first(site: Site, filled: Opened, gpg: Gpg) -> None:
    carry_out(plan(site, filled(), RELEASE, finish=False), filled(), LATER)
    store = filled()
    fingerprints = [record[9] for record in gpg.records("fpr", store.public(RELEASE))]
    assert fingerprints[1:] == subkeys(store)[::-1]


def test_the_end_of_the_overlap_takes_the_old_subkey_from_the_publisher_only(
    site: Site, filled: Opened, gpg: Gpg
) -> None:
    carry_out(plan(site, filled(), RELEASE, finish=False), filled(), LATER)
    before = filled()
    outcome = carry_out(plan(site, filled(), RELEASE, finish=True), filled(), LATER)
    after = filled()
    assert outcome.hosts == ("pub01",)
    assert subkeys(after) == subkeys(before)[1:]
    assert after.public(RELEASE) == before.public(RELEASE)
    assert [record[9] for record in gpg.records("fpr", after.secret(SIGNING))][1:] == subkeys(after)
    assert complete(site, filled(), NOW).changes == ()


def test_a_rotation_goes_step_by_step(site: Site, filled: Opened) -> None:
    with pytest.raises(UsageError, match="not being rotated: only one subkey signs"):
        plan(site, filled(), RELEASE, finish=True)
    first = plan(site, filled(), RELEASE, finish=False)
    carry_out(first, filled(), LATER)
    with pytest.raises(PkgciError, match="somebody else has rotated the release-key"):
        carry_out(first, filled(), LATER)
    with pytest.raises(UsageError, match="being rotated already") as raised:
        plan(site, filled(), RELEASE, finish=False)
    assert (raised.value.hint or "").startswith("pkgci secrets rotate release-key --finish")


def test_a_repositorys_key_is_never_replaced_at_once(site: Site, filled: Opened) -> None:
    for name in (RELEASE, SIGNING):
        with pytest.raises(UsageError, match="with an overlap") as raised:
            rotate(site, filled(), name, NOW)
        assert raised.value.hint == "pkgci secrets rotate release-key"


def test_what_the_publisher_signs_with_can_be_made_again(site: Site, filled: Opened) -> None:
    store, before = filled(), subkeys(filled())
    text = store.file.read_text()
    start = text.index(f"{SIGNING}:")
    store.file.write_text(text[:start] + text[text.index("repository/review:", start) :])
    assert [change.need.name for change in complete(site, filled(), NOW).changes] == [SIGNING]
    assert subkeys(filled()) == before


def test_without_gnupg_it_says_what_to_install(site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(command: list[str], **_: object) -> None:
        raise FileNotFoundError(command[0])

    monkeypatch.setattr("pkgci.secrets.openpgp.subprocess.run", missing)
    with pytest.raises(PkgciError, match="there is no `gpg` here") as raised, openpgp.Keyring.open(NOW) as keyring:
        keyring.make_primary("nobody")
    assert "apt install gnupg" in (raised.value.hint or "")


def test_nothing_of_gnupg_stays_not_even_after_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    homes: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="t-") as short:
        monkeypatch.setenv("TMPDIR", short)
        with pytest.raises(KeyboardInterrupt), openpgp.Keyring.open(NOW) as keyring:
            keyring.make_primary("nobody")
            homes = list(Path(short).iterdir())
            raise KeyboardInterrupt
        assert len(homes) == 1
        assert list(Path(short).iterdir()) == []
    arguments = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not [words for words in arguments if str(homes[0]).encode() in words]


def test_a_long_folder_for_temporary_files_is_none_for_gnupgs_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 25)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    with openpgp.Keyring.open(NOW) as keyring:
        assert len(keyring.make_primary("nobody")) == 40
