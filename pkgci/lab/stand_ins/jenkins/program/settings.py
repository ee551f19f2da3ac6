"""What the unit's environment says, read as the real one's start script and its servlet container read it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsError(Exception):
    """The environment has a value with which the real one would not start either."""


@dataclass(frozen=True)
class Settings:
    """Where Jenkins keeps its data, listens, and reads its configuration. ``prefix`` is '' or begins with '/'."""

    home: Path
    address: str
    port: int
    prefix: str
    casc: tuple[str, ...]
    secrets: Path
    reload_token: str | None
    version: str


def from_environment(environment: Mapping[str, str], version: str) -> Settings:
    """The settings that ``environment`` (the unit's and its drop-ins') has. Raises ``SettingsError``."""
    home = Path(environment.get("JENKINS_HOME") or "/var/lib/jenkins")
    port = environment.get("JENKINS_PORT") or "8080"
    if not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise SettingsError(f"JENKINS_PORT: {port!r} is no port")
    prefix = (environment.get("JENKINS_PREFIX") or "").rstrip("/")
    if prefix and not prefix.startswith("/"):
        raise SettingsError(f"JENKINS_PREFIX: {prefix!r} does not begin with '/'")
    _check_java_options(environment.get("JAVA_OPTS", ""))
    casc = tuple(part.strip() for part in environment.get("CASC_JENKINS_CONFIG", "").split(",") if part.strip())
    if not casc and (home / "jenkins.yaml").exists():
        casc = (str(home / "jenkins.yaml"),)
    return Settings(
        home=home,
        address=environment.get("JENKINS_LISTEN_ADDRESS") or "0.0.0.0",  # noqa: S104 - as the real one's default is.
        port=int(port),
        prefix=prefix,
        casc=casc,
        secrets=Path(environment.get("SECRETS") or "/run/secrets"),
        reload_token=environment.get("CASC_RELOAD_TOKEN") or None,
        version=version,
    )


def _check_java_options(text: str) -> None:
    """Refuses what would make Java take a part of a value for the class to run: the start script evaluates the text."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise SettingsError(f"JAVA_OPTS: {error}") from None
    for word in words:
        if not word.startswith("-"):
            raise SettingsError(f"JAVA_OPTS: {word!r} is no option: a value with spaces is to be quoted twice")
