"""What is put into the machine of the stand-ins once it has booted: programs, settings, certificate, apt source."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pkgci
from pkgci.assets import asset
from pkgci.errors import PkgciError
from pkgci.files import write_atomically
from pkgci.lab.engine import refusals
from pkgci.lab.image import tar_of
from pkgci.lab.keys import ensure_key, lab_directory
from pkgci.lab.stand_ins.jenkins.package import Package, package
from pkgci.lab.stand_ins.review.settings import Settings
from pkgci.lab.stand_ins.review.starter import tree_files
from pkgci.model.known_hosts import name_at
from pkgci.model.site import Host, Site
from pkgci.model.stand_ins import jenkins_is_stand_in, review_is_stand_in
from pkgci.model.urls import gerrit_url
from pkgci.secrets.certificates import issue, renewal_reason
from pkgci.secrets.making import Made
from pkgci.secrets.needs import CA
from pkgci.secrets.store import SecretStore

# Where the machine keeps what must outlive its container: a volume.
STATE = "/var/lib/pkgci-stand-ins"

_CODE = Path(pkgci.__file__).parent
_HERE = Path(__file__).parent
_PROGRAM = "usr/local/lib/pkgci-stand-ins"
_SETTINGS = "etc/pkgci-stand-ins"
_TREES = f"{_PROGRAM}/projects"
_UNIT = "review-stand-in.service"
# Hidden from other accounts; its owner is set on the machine.
_PRIVATE = 0o600


def furnish(site: Site, host: Host, container: Any, store: SecretStore) -> tuple[bool, dict[str, list[str]]]:
    """Brings the running ``container`` up to date. Returns whether it had to change anything, and known_hosts lines of
    the review (name → 'type key').

    Raises ``PkgciError`` where a program does not start there, or a library cannot be fetched.
    """
    ca = Made(store.secret(CA), store.public(CA))
    names = (host.fqdn, *host.aliases)
    files = {**_programs(), **_settings_files(site, store), **project_files(site)}
    if jenkins_is_stand_in(site):
        files |= _package_files(package(site.jenkins.version))
    digest = _digest(files)
    certificate = _renewed(container, ca, names, site.tls.days)
    changed = bool(certificate) or _read(container, f"/{_SETTINGS}/digest").strip() != digest
    if changed:
        with refusals("furnish the stand-ins"):
            container.put_archive("/", tar_of(files | certificate))
        _run(container, f"/{_PROGRAM}/setup", digest)
    else:
        _run(container, "systemctl", "start", _UNIT)
    fingerprint = lab_directory(site) / "jenkins.fingerprint"
    if jenkins_is_stand_in(site):
        _write_if_changed(fingerprint, _read(container, f"{STATE}/fingerprint"))
    else:
        fingerprint.unlink(missing_ok=True)
    if not review_is_stand_in(site) or site.gerrit is None:
        return changed, {}
    key = " ".join(_read(container, f"{STATE}/review/ssh_host_ed25519_key.pub").split()[:2])
    return changed, {name_at(site.gerrit.host, site.gerrit.port): [key]}


def review_settings(site: Site, lab_key: str, zuul_key: str) -> Settings:
    """What the review is told. Where the site has a Gerrit, it has no projects and no accounts, and port 0."""
    gerrit = site.gerrit
    if gerrit is None or not review_is_stand_in(site):
        return Settings("", 0, "", site.domain, "", (), (), {}, ())
    return Settings(
        host=gerrit.host,
        port=gerrit.port,
        web=gerrit_url(site) or "",
        mail_domain=site.domain,
        ci_account=gerrit.user,
        ci_keys=(zuul_key,),
        common_keys=(lab_key,),
        personal_keys=site.administrator_keys,
        projects=site.repositories,
        trees=f"/{_TREES}",
    )


def project_files(site: Site) -> dict[str, tuple[int, bytes]]:
    """What the review's projects begin with: of a project that is called like one of the example packages, its tree.

    A project with steps of its own begins with scripts, whatever it is called.
    """
    files: dict[str, tuple[int, bytes]] = {}
    for name in site.repositories:
        tree = asset("examples") / "packages" / name.rpartition("/")[2]
        if not (name in site.projects and site.projects[name].own_steps) and tree.is_dir():
            files |= {f"{_TREES}/{name}/{path}": content for path, content in tree_files(tree).items()}
    return files


def _programs() -> dict[str, tuple[int, bytes]]:
    """The review's code with the packages that it is in, the unit that runs it, and the scripts around it."""
    packages = [_CODE / "__init__.py", _CODE / "lab/__init__.py", _HERE / "__init__.py"]
    review = [path for path in (_HERE / "review").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    files = {
        f"{_PROGRAM}/pkgci/{path.relative_to(_CODE).as_posix()}": (
            0o755 if path.parent.name == "hooks" else 0o644,
            path.read_bytes(),
        )
        for path in (*packages, *review)
    }
    for name in ("setup", "build-packages"):
        files[f"{_PROGRAM}/{name}"] = (0o755, (_HERE / "machine" / name).read_bytes())
    files[f"etc/systemd/system/{_UNIT}"] = (0o644, (_HERE / "machine" / _UNIT).read_bytes())
    return files


def _settings_files(site: Site, store: SecretStore) -> dict[str, tuple[int, bytes]]:
    settings = review_settings(site, ensure_key(site), store.public("zuul/gerrit_ssh_key"))
    return {f"{_SETTINGS}/review.json": (0o644, json.dumps(asdict(settings), indent=1, sort_keys=True).encode())}


def _package_files(made: Package) -> dict[str, tuple[int, bytes]]:
    """The tree of the Jenkins stand-in's package, and a table of the libraries that go into it."""
    below = f"{_PROGRAM}/package"
    files = {f"{below}/tree/{path}": content for path, content in made.tree.items()}
    files[f"{below}/name"] = (0o644, f"{made.file_name}\n".encode())
    table = "".join(f"{wheel.directory}\t{wheel.pip_line}\n" for wheel in made.wheels)
    files[f"{below}/wheels"] = (0o644, table.encode())
    return files


def _digest(files: Mapping[str, tuple[int, bytes]]) -> str:
    digest = hashlib.sha256()
    for path, (mode, content) in sorted(files.items()):
        digest.update(f"{path}\0{mode:o}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _renewed(container: Any, ca: Made, names: tuple[str, ...], days: int) -> dict[str, tuple[int, bytes]]:
    """A new certificate and its key where the machine has none that will do. The key is nowhere else."""
    now = datetime.now(UTC)
    pem = _read(container, f"/{_SETTINGS}/tls.crt")
    if pem and renewal_reason(pem, ca.public or "", names, now) is None:
        return {}
    made = issue(ca, names, days, now)
    return {
        f"{_SETTINGS}/tls.crt": (0o644, (made.public or "").encode()),
        f"{_SETTINGS}/tls.key": (_PRIVATE, made.secret.encode()),
    }


def _write_if_changed(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_atomically(path, text)


def _read(container: Any, path: str) -> str:
    """What a file of the machine has; '' where it is not there."""
    with refusals("look at the stand-ins"):
        result = container.exec_run(["cat", path], demux=True)
    return (result.output[0] or b"").decode() if result.exit_code == 0 else ""


def _run(container: Any, *command: str) -> None:
    with refusals("set up the stand-ins"):
        result = container.exec_run(list(command))
    if result.exit_code != 0:
        said = result.output.decode(errors="replace").strip().splitlines()[-3:]
        raise PkgciError(
            f"the lab's stand-ins could not be set up (status {result.exit_code})",
            "\n  ".join((*said, f"`pkgci lab exec {container.labels.get('pkgci.lab.host', '')} -- journalctl -b`")),
        )
