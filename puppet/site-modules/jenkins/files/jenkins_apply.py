#!/usr/bin/python3
"""Makes Jenkins' plugins and configuration what Puppet wrote down as wanted, and undoes it where Jenkins rejects it.

Plugins are installed into a folder aside and checked before they take the place of the old ones. That restarts Jenkins,
once, as do other settings of its unit. A configuration is read again by the running Jenkins, so builds go on. The unit
starts Jenkins only while the file ``ready`` stands; it is taken away while plugins are exchanged. Whatever this program
is cut short in, the next run of it makes good.

    jenkins-apply            do it
    jenkins-apply --check    exit status 0 if there is nothing to do, 1 if there is
"""

from __future__ import annotations

import argparse
import configparser
import hashlib
import html
import os
import pwd
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SETTINGS = Path("/etc/jenkins/apply.conf")
UNIT = "jenkins.service"
USER = "jenkins"
TOKEN = "CASC_RELOAD_TOKEN"  # noqa: S105 - the name of a variable
INSTALL_SECONDS = 1800
# As long as the unit gives Jenkins to start.
RELOAD_SECONDS = 300


class ApplyError(Exception):
    """What is wanted cannot be had; the message says why. Jenkins is as it was before."""


@dataclass(frozen=True)
class Settings:
    """Where Jenkins' home, WAR and unit settings are, and the wanted state and the present one.

    ``installer`` is the command that installs plugins; ``url`` is Jenkins' address on this host.
    """

    home: Path
    war: Path
    unit: Path
    wanted: Path
    state: Path
    installer: tuple[str, ...]
    url: str

    @classmethod
    def read(cls, path: Path) -> Settings:
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(path.read_text())
        values = parser["jenkins"]
        return cls(
            home=Path(values["home"]),
            war=Path(values["war"]),
            unit=Path(values["unit"]),
            wanted=Path(values["wanted"]),
            state=Path(values["state"]),
            installer=tuple(shlex.split(values["installer"])),
            url=values["url"],
        )

    @property
    def ready(self) -> Path:
        return self.state / "ready"

    @property
    def environment(self) -> Path:
        return self.state / "environment"

    @property
    def plugins(self) -> Path:
        return self.home / "plugins"

    @property
    def live(self) -> Path:
        return self.state / "casc.d"


def wanted_plugins(text: str) -> dict[str, str]:
    """Plugin → version, from lines ``id:version``."""
    pairs = (line.strip().split(":", 1) for line in text.splitlines() if line.strip())
    return {pair[0]: pair[1] for pair in pairs}


def plugins_state(settings: Settings) -> str:
    """What the installed plugins are made of: the list, and what installs it."""
    return shlex.join(settings.installer) + "\n" + (settings.wanted / "plugins.txt").read_text()


def configuration_state(settings: Settings) -> str:
    """The configuration's digest, with that of the secrets that it reads."""
    digest = hashlib.sha256()
    for folder in ("casc.d", "secrets"):
        for file in sorted((settings.wanted / folder).iterdir()):
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            digest.update(f"{folder}/{file.name} {content}\n".encode())
    return digest.hexdigest() + "\n"


def faults(plugins: dict[str, str], folder: Path) -> list[str]:
    """What is wrong with the plugins in ``folder``: a wanted one that is missing, empty or of another version."""
    found = []
    for name, version in plugins.items():
        files = [folder / f"{name}.{suffix}" for suffix in ("jpi", "hpi")]
        file = next((file for file in files if file.is_file() and file.stat().st_size), None)
        present = plugin_version(file) if file else None
        if file is None:
            found.append(f"{name} is missing")
        elif present not in (None, version):
            found.append(f"{name} is {present}, not {version}")
    return found


def plugin_version(file: Path) -> str | None:
    """The version in a plugin's manifest (JAR File Specification, "JAR Manifest"); None where there is none.

    That a plugin arrived whole is the installer's business: it knows the checksums.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            text = archive.read("META-INF/MANIFEST.MF").decode()
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError):
        return None
    # Long lines go on in the next one, after a space.
    for line in text.replace("\r\n", "\n").replace("\n ", "").splitlines():
        key, _, value = line.partition(":")
        if key == "Plugin-Version":
            return value.split()[0] if value.split() else None
    return None


class Service:
    """Jenkins' unit."""

    def active(self) -> bool:
        return subprocess.run(["systemctl", "is-active", "--quiet", UNIT], check=False).returncode == 0

    def stop(self) -> None:
        subprocess.run(["systemctl", "stop", UNIT], check=True)

    def start(self) -> bool:
        """Starts it, and waits until it says that it is ready. Whether it is."""
        subprocess.run(["systemctl", "daemon-reload"], check=True)
        started = subprocess.run(["systemctl", "start", UNIT], check=False).returncode == 0
        return started and self.active()


def install_plugins(settings: Settings, plugins: dict[str, str], run: Callable[[list[str]], int]) -> Path:
    """Installs ``plugins`` into a folder aside, and gives it. Raises ``ApplyError`` where one is not there then."""
    stage = settings.home / "plugins.new"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(mode=0o755)
    own(stage)
    arguments = ["--war", settings.war, "--plugin-download-directory", stage]
    arguments += ["--plugin-file", settings.wanted / "plugins.txt", "--latest=false"]
    status = run([*settings.installer, *map(str, arguments)])
    # The installer has been seen to end well and to have done nothing: what counts is what is there.
    missing = faults(plugins, stage)
    if status != 0 or missing:
        shutil.rmtree(stage, ignore_errors=True)
        reason = f"the installer ended with {status}" if status else "; ".join(missing[:5])
        more = f" (and {len(missing) - 5} more)" if not status and len(missing) > 5 else ""
        raise ApplyError(f"the plugins could not be installed, and stay as they were: {reason}{more}")
    return stage


def run_as_jenkins(command: list[str]) -> int:
    """Runs a command as Jenkins' user, for it fetches from far away. Its exit status."""
    account = pwd.getpwnam(USER)
    environment = {"HOME": account.pw_dir, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    try:
        done = subprocess.run(
            command,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            env=environment,
            cwd=account.pw_dir,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=INSTALL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return 1
    return done.returncode


def exchange(present: Path, new: Path, old: Path) -> bool:
    """Puts the folder ``new`` in place of ``present``, and ``present`` in place of ``old``. Whether there was one."""
    shutil.rmtree(old, ignore_errors=True)
    existed = present.exists()
    if existed:
        present.rename(old)
    new.rename(present)
    return existed


def stage_configuration(settings: Settings) -> Path:
    """A copy of the wanted configuration beside the live one."""
    stage = settings.state / "casc.new"
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(settings.wanted / "casc.d", stage)
    stage.chmod(0o750)
    own(stage, user="root")
    for file in stage.iterdir():
        own(file, user="root")
    return stage


def own(path: Path, user: str = USER) -> None:
    """Gives ``path`` to ``user`` and to Jenkins' group."""
    shutil.chown(path, user, USER)


def ensure_token(settings: Settings) -> None:
    """Makes the token with which the configuration is read again, where there is none. It never leaves this host."""
    if not settings.environment.exists():
        write(settings.environment, f"{TOKEN}={secrets.token_hex(32)}\n", 0o600)


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Writes a file, whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    new.replace(path)


def reload(settings: Settings) -> str | None:
    """Has the running Jenkins read its configuration. Why it did not, in Jenkins' words, or None."""
    token = settings.environment.read_text().strip().partition("=")[2]
    url = f"{settings.url}/reload-configuration-as-code/?{urllib.parse.urlencode({'casc-reload-token': token})}"
    deadline = time.monotonic() + RELOAD_SECONDS
    # Jenkins is on this host: no proxy is to see the token.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            request = urllib.request.Request(url, data=b"", method="POST")  # noqa: S310 - the address is ours
            with opener.open(request, timeout=RELOAD_SECONDS):
                return None
        except urllib.error.HTTPError as error:
            # Jenkins answers 503 while it starts.
            reason = f"{error.code}: {words(error.read(100_000).decode(errors='replace'))}"
            if error.code != 503:
                return reason
        except OSError as error:
            reason = str(error)
        if time.monotonic() > deadline:
            return reason
        time.sleep(2)


def words(page: str) -> str:
    """What a page says, without its markup, in at most 500 characters."""
    text = re.sub(r"(?is)<(head|script|style|header|nav)\b.*?</\1>|<[^>]*>", " ", page)
    return " ".join(html.unescape(text).split())[:500]


def read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


@dataclass(frozen=True)
class Work:
    """What there is to do."""

    plugins: bool
    configuration: bool
    unit: bool
    ready: bool

    @property
    def nothing(self) -> bool:
        return not (self.plugins or self.configuration or self.unit) and self.ready


def look(settings: Settings) -> Work:
    """Compares what is wanted with what was last applied."""
    return Work(
        plugins=read(settings.state / "plugins") != plugins_state(settings) or not settings.plugins.is_dir(),
        configuration=read(settings.state / "casc") != configuration_state(settings) or not settings.live.is_dir(),
        unit=read(settings.state / "unit") != settings.unit.read_text(),
        ready=settings.ready.exists(),
    )


def apply(
    settings: Settings,
    service: Service,
    run: Callable[[list[str]], int] = run_as_jenkins,
    reread: Callable[[Settings], str | None] = reload,
) -> None:
    """Does what there is to do. Raises ``ApplyError``."""
    work = look(settings)
    plugins, configuration = None, None
    states = {
        "plugins": plugins_state(settings),
        "casc": configuration_state(settings),
        "unit": settings.unit.read_text(),
    }
    if work.plugins:
        wanted = wanted_plugins((settings.wanted / "plugins.txt").read_text())
        plugins = install_plugins(settings, wanted, run)
    if work.configuration:
        configuration = stage_configuration(settings)
    ensure_token(settings)
    if work.plugins or work.unit:
        restart(settings, service, plugins, configuration)
    elif configuration:
        exchange_configuration(settings, service, configuration, reread)
    for name, text in states.items():
        write(settings.state / name, text, 0o600)
    write(settings.ready, "")


def restart(settings: Settings, service: Service, plugins: Path | None, configuration: Path | None) -> None:
    """Exchanges plugins, with the configuration that may need them, and restarts a running Jenkins; or undoes it."""
    old_plugins, old_configuration = settings.home / "plugins.old", settings.state / "casc.old"
    runs = service.active()
    if runs:
        service.stop()
    settings.ready.unlink(missing_ok=True)
    plugins_go_back = plugins is not None and exchange(settings.plugins, plugins, old_plugins)
    configuration_goes_back = configuration is not None and exchange(settings.live, configuration, old_configuration)
    write(settings.ready, "")
    if not runs or service.start():
        return
    service.stop()
    settings.ready.unlink(missing_ok=True)
    if plugins_go_back:
        exchange(settings.plugins, old_plugins, settings.home / "plugins.rejected")
    if configuration_goes_back:
        exchange(settings.live, old_configuration, settings.state / "casc.rejected")
    write(settings.ready, "")
    service.start()
    raise ApplyError(
        f"Jenkins does not start like this; its plugins and configuration are the old ones: journalctl -u {UNIT}"
    )


def exchange_configuration(
    settings: Settings, service: Service, new: Path, reread: Callable[[Settings], str | None]
) -> None:
    """Has Jenkins read another configuration while it runs, and puts the old one back if it rejects that."""
    old = settings.state / "casc.old"
    goes_back = exchange(settings.live, new, old)
    reason = reread(settings) if service.active() else None
    if reason is None:
        return
    if goes_back:
        exchange(settings.live, old, settings.state / "casc.rejected")
    raise ApplyError(
        f"Jenkins rejects the configuration, and keeps the one that it had (journalctl -u {UNIT}): {reason}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Makes Jenkins' plugins and configuration what is wanted.")
    parser.add_argument("--check", action="store_true", help="only say whether there is something to do")
    arguments = parser.parse_args()
    os.umask(0o022)
    try:
        settings = Settings.read(SETTINGS)
        if arguments.check:
            return 0 if look(settings).nothing else 1
        apply(settings, Service())
    except (ApplyError, OSError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
