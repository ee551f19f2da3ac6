"""Where everything is on this host, and the error that everything ends in."""

from __future__ import annotations

import configparser
import shlex
from dataclasses import dataclass
from pathlib import Path


class ApplyError(Exception):
    """What is wanted cannot be had, or not yet; the message says why, and what to do."""


@dataclass(frozen=True)
class Account:
    """Who asks Jenkins, and the file that has the password."""

    name: str
    password: Path


@dataclass(frozen=True)
class Settings:
    """Where Jenkins' home, WAR and unit settings are, and the wanted state and the present one.

    ``installer`` is the command that installs plugins; ``url`` is Jenkins' address on this host; ``account`` an
    administrator of Jenkins, None where this host knows none; ``patience`` is how long running builds are waited for.
    """

    home: Path
    war: Path
    unit: Path
    wanted: Path
    state: Path
    installer: tuple[str, ...]
    url: str
    account: Account | None = None
    patience: float = 900.0

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Raises ``ApplyError``, and ``OSError`` where there is no such file."""
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(path.read_text())
            return cls._of(parser["jenkins"])
        except (configparser.Error, KeyError, ValueError) as error:
            raise ApplyError(f"{path} is not as Puppet writes it ({error}): apply the manifests again") from None

    @classmethod
    def _of(cls, values: configparser.SectionProxy) -> Settings:
        account = values.get("account")
        return cls(
            home=Path(values["home"]),
            war=Path(values["war"]),
            unit=Path(values["unit"]),
            wanted=Path(values["wanted"]),
            state=Path(values["state"]),
            installer=tuple(shlex.split(values["installer"])),
            url=values["url"],
            account=Account(account, Path(values["password_file"])) if account else None,
            patience=values.getfloat("patience", cls.patience),
        )

    @property
    def ready(self) -> Path:
        return self.state / "ready"

    @property
    def lock(self) -> Path:
        return self.state / "lock"

    @property
    def environment(self) -> Path:
        return self.state / "environment"

    @property
    def plugins(self) -> Path:
        return self.home / "plugins"

    @property
    def live(self) -> Path:
        return self.state / "casc.d"

    @property
    def quiet(self) -> Path:
        """Stands while Jenkins lets no build begin because this program asked it to."""
        return self.state / "quiet"

    @property
    def old(self) -> Path:
        """The configuration before the live one."""
        return self.state / "casc.old"

    @property
    def unproven(self) -> Path:
        """Stands while Jenkins has not said yet that it takes the live configuration."""
        return self.state / "casc.unproven"

    @property
    def unstarted_plugins(self) -> Path:
        """Stands while Jenkins has not started with its present plugins; the ones before them are kept."""
        return self.state / "plugins.unstarted"

    @property
    def unstarted_configuration(self) -> Path:
        """Stands while Jenkins has not started with its present configuration; the one before it is kept."""
        return self.state / "casc.unstarted"
