"""The site's secrets, as the other rooms see them: ``secrets/secrets.eyaml`` and its keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from pkgci.errors import UsageError
from pkgci.files import write_atomically
from pkgci.locks import lock_or_wait
from pkgci.model.words import nearest
from pkgci.secrets.document import Entry, parse, with_entry
from pkgci.secrets.eyaml import KeyPair, load_key_pair, load_public_key, make_key_pair, private_key_file
from pkgci.secrets.making import Made
from pkgci.secrets.needs import CA, LDAP_PASSWORD, OIDC_SECRET
from pkgci.secrets.redact import Redactor

_IGNORED = (
    "# The key that opens the secrets stays with those who run the site.\n/keys/private_key.pkcs7.pem\n/keys/.*\n"
)
_CERTIFICATE = "-----BEGIN CERTIFICATE-----"


class SecretStore:
    """The secrets below one folder. Each is decrypted when it is asked for, and once.

    Public halves need no private key. Every method raises ``PkgciError`` where a file or a key is missing or wrong.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.file = directory / "secrets.eyaml"
        self._keys = directory / "keys"
        self._values: dict[str, str] = {}
        self._text = self.file.read_text(encoding="utf-8") if self.file.exists() else ""
        self._entries = parse(self._text, self.file)

    @classmethod
    def open(cls, directory: Path) -> SecretStore:
        """The store in ``directory``. Raises ``PkgciError`` where there is none."""
        store = cls(directory)
        if not store.file.exists():
            raise UsageError(f"the site has no secrets yet ({store.file})", "pkgci secrets init", str(store.file))
        return store

    @classmethod
    @contextmanager
    def change(cls, directory: Path, site: str) -> Iterator[SecretStore]:
        """The store in ``directory``, to be changed, made where there is none. One process at a time."""
        with lock_or_wait(directory.with_name(".pkgci") / "secrets.lock"):
            store = cls(directory)
            store._prepare(site)
            yield store

    def _prepare(self, site: str) -> None:
        ignore = self.directory / ".gitignore"
        if not ignore.exists():
            write_atomically(ignore, _IGNORED)
        if not self._entries and not any(self._keys.glob("*.pem")):
            make_key_pair(self._keys, site)
        _ = self._pair

    @property
    def private_key_file(self) -> Path:
        """The key without which no secret can be read."""
        return private_key_file(self._keys)

    def names(self) -> tuple[str, ...]:
        """The names of all secrets, in the order of the file."""
        return tuple(self._entries)

    def entry(self, name: str) -> Entry:
        """What stands in the file for ``name``."""
        try:
            return self._entries[name]
        except KeyError:
            if name in (LDAP_PASSWORD, OIDC_SECRET):
                raise UsageError(
                    f"the secret '{name}' has not been given yet ({self.file})", f"pkgci secrets set {name}"
                ) from None
            known = nearest(name, self._entries)
            raise UsageError(
                f"there is no secret '{name}' in {self.file}{known}", "pkgci secrets init makes what the site needs"
            ) from None

    def secret(self, name: str) -> str:
        """The value of the secret ``name``."""
        if name not in self._values:
            encrypted = self.entry(name).encrypted
            try:
                self._values[name] = self._pair.decrypt(encrypted)
            except ValueError as error:
                raise UsageError(
                    f"{self.file}: '{name}' {error}", "restore the file from version control, or rotate the secret"
                ) from None
        return self._values[name]

    def public(self, name: str) -> str:
        """The public half of ``name``: an SSH public key line, or a certificate with the one of its authority."""
        public = self.entry(name).public
        if public is None:
            raise UsageError(f"the secret '{name}' has no public half", f"pkgci secrets show {name}")
        if public.startswith(_CERTIFICATE) and name != CA:
            return public + self.public(CA)
        return public

    def values(self) -> frozenset[str]:
        """Every secret's value, for redaction."""
        return frozenset(self.secret(name) for name in self._entries)

    def redactor(self) -> Redactor:
        """Hides every secret of the site in text, as ``<secret NAME>``."""
        public = "".join(entry.public or "" for entry in self._entries.values())
        return Redactor({name: self.secret(name) for name in self._entries}, public)

    def put(self, secrets: Mapping[str, Made], made: str | None) -> None:
        """Encrypts ``secrets`` and writes them, all or none.

        ``made`` is today, as an ISO date; None for what pkgci did not make.
        """
        key, text = load_public_key(self._keys), self._text
        entries = dict(self._entries)
        for name, value in secrets.items():
            entries[name] = Entry(key.encrypt(value.secret), value.public, made)
            text = with_entry(text, name, entries[name])
        # What was edited as text must read as what was meant: better no change than a wrong one.
        if parse(text, self.file) != {name: replace(entry) for name, entry in entries.items()}:
            raise UsageError(
                f"{self.file} is laid out in a way that pkgci cannot edit", "write one secret after another"
            )
        write_atomically(self.file, text)
        self._text, self._entries = text, entries
        self._values.update({name: value.secret for name, value in secrets.items()})

    @cached_property
    def _pair(self) -> KeyPair:
        return load_key_pair(self._keys)
