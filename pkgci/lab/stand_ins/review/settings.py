"""What the lab tells the review: names, accounts and projects. Read from one JSON file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from pkgci.lab.stand_ins.review.model import Account

_USERNAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")


@dataclass(frozen=True)
class Settings:
    """``web`` is the address of the pages, without a slash at its end. Keys are lines of OpenSSH's public key format.

    ``ci_account`` is Zuul's, which ``ci_keys`` alone open. ``personal_keys`` are account → keys; any other account, and
    those too, are opened by ``common_keys``: in a lab, one person plays them all. ``trees`` is a folder with what new
    projects begin with, each in a folder of the project's name; a project that is not there begins with a README.
    """

    host: str
    port: int
    web: str
    mail_domain: str
    ci_account: str
    ci_keys: tuple[str, ...]
    common_keys: tuple[str, ...]
    personal_keys: dict[str, tuple[str, ...]]
    projects: tuple[str, ...]
    branch: str = "main"
    trees: str = ""

    def account(self, username: str) -> Account:
        return Account(username, username, f"{username}@{self.mail_domain}")

    def keys_of(self, username: str) -> tuple[str, ...]:
        """The public keys that log in as ``username``; none where it is no name of an account."""
        if username == self.ci_account:
            return self.ci_keys
        if not is_username(username):
            return ()
        return (*self.common_keys, *self.personal_keys.get(username, ()))


def is_username(text: str) -> bool:
    """Whether ``text`` can be the name of an account."""
    return _USERNAME.fullmatch(text) is not None


def read_settings(path: Path) -> Settings:
    """The settings in the file ``path``."""
    data = json.loads(path.read_text(encoding="utf-8"))
    for key in ("ci_keys", "common_keys", "projects"):
        data[key] = tuple(data[key])
    data["personal_keys"] = {name: tuple(keys) for name, keys in data["personal_keys"].items()}
    return Settings(**data)
