"""What the lab carries from this machine into its hosts: the WARs of real servers, and Jenkins' plugins.

On the host they are files like any other: the same Puppet classes install them that download a site's.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from pkgci.errors import PkgciError, UsageError
from pkgci.files import write_atomically
from pkgci.lab.engine import refusals
from pkgci.lab.keys import lab_directory
from pkgci.model.lab import LabJenkins, LabWar
from pkgci.model.roles import Role
from pkgci.model.site import Host, Site
from pkgci.model.stand_ins import BROUGHT, PLUGIN_INSTALLER, brought_war
from pkgci.paths import beside

_INSTALLER = Path(__file__).parent / "brought" / "install-plugins"


def look(site: Site) -> None:
    """Writes down what ``examine`` finds, for the hosts' data. Raises ``UsageError`` as that does."""
    for what, found in examine(site).items():
        path = lab_directory(site) / f"{what}.json"
        if found:
            write_atomically(path, json.dumps(found, indent=1, sort_keys=True) + "\n")
        else:
            path.unlink(missing_ok=True)


def examine(site: Site) -> dict[str, dict[str, str]]:
    """What the lab carries into its hosts: `wars` by their checksums, `plugins` by their versions.

    Raises ``UsageError`` where a file is not what the site file says.
    """
    wars, plugins = {}, {}
    for name, choice in _wars(site).items():
        if not choice.is_url:
            file = beside(site.directory, choice.war)
            wars[name] = checksum(file)
            if choice.sha256 not in (None, wars[name]):
                raise UsageError(f"the SHA-256 of {file} is {wars[name]}, {site.path} says {choice.sha256}")
    for file in _plugins(site):
        name, version = plugin_of(file)
        plugins[name] = version
    return {"wars": wars, "plugins": plugins}


def bring(site: Site, host: Host, container: Any) -> bool:
    """Puts what ``host`` is to have into its running ``container``; whether something was missing there."""
    files = _files(site, host)
    digest = hashlib.sha256(json.dumps([[path, checksum(file)] for path, file in sorted(files.items())]).encode())
    mark = f"{BROUGHT}/brought"
    if not files or _said(container, f"cat {mark}") == digest.hexdigest():
        return False
    with tempfile.TemporaryFile() as archive, refusals(f"carry files into the host '{host.name}'"):
        with tarfile.open(fileobj=archive, mode="w", dereference=True) as tar:
            for path, file in files.items():
                tar.add(file, path.lstrip("/"), filter=_as_roots)
        archive.seek(0)
        # A plugin that is no longer among them must not stay.
        _said(container, f"rm -rf {BROUGHT} && mkdir -p {BROUGHT}")
        container.put_archive("/", archive)
        _said(container, f"echo {digest.hexdigest()} >{mark}")
    return True


def checksum(file: Path) -> str:
    """The SHA-256 checksum of a file. Raises ``UsageError`` where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None


def plugin_of(file: Path) -> tuple[str, str]:
    """The name and the version of a plugin of Jenkins. Raises ``UsageError`` where it has none."""
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = archive.read("META-INF/MANIFEST.MF").decode()
    except (OSError, zipfile.BadZipFile, KeyError, UnicodeDecodeError):
        manifest = ""
    # Long lines go on in the next one, after a space.
    lines = manifest.replace("\r\n", "\n").replace("\n ", "").splitlines()
    about = dict(line.partition(": ")[::2] for line in lines)
    version = about.get("Plugin-Version", "").split()
    if not version:
        raise UsageError(f"{file} is not a Jenkins plugin: its manifest names no version")
    return about.get("Short-Name") or file.stem, version[0]


def _wars(site: Site) -> dict[str, LabWar]:
    chosen = {} if site.lab is None else {"gerrit": site.lab.review, "jenkins": site.lab.jenkins}
    return {name: choice for name, choice in chosen.items() if isinstance(choice, LabWar)}


def _plugins(site: Site) -> list[Path]:
    choice = _wars(site).get("jenkins")
    if not isinstance(choice, LabJenkins) or choice.plugins is None:
        return []
    return sorted(beside(site.directory, choice.plugins).glob("*.[hj]pi"))


def _files(site: Site, host: Host) -> dict[str, Path]:
    """Path on the host → file of this machine."""
    files = {}
    for role, name in ((Role.REVIEW, "gerrit"), (Role.JENKINS_MASTER, "jenkins")):
        choice = _wars(site).get(name)
        if role in host.roles and choice is not None and not choice.is_url:
            file = beside(site.directory, choice.war)
            files[brought_war(name, checksum(file))] = file
    if Role.JENKINS_MASTER in host.roles:
        plugins = {f"{BROUGHT}/plugins/{plugin_of(file)[0]}.jpi": file for file in _plugins(site)}
        files |= plugins | ({PLUGIN_INSTALLER: _INSTALLER} if plugins else {})
    return files


def _as_roots(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode = 0o755 if entry.name.endswith(_INSTALLER.name) else 0o644
    return entry


def _said(container: Any, command: str) -> str:
    result = container.exec_run(["/bin/sh", "-c", f"{command} 2>/dev/null"])
    if result.exit_code not in (0, 1):
        raise PkgciError(f"`{shlex.quote(command)}` ended with status {result.exit_code} in {container.name}")
    return str(result.output.decode(errors="replace").strip())
