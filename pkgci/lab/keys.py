"""Keys of the lab: the operator's, made beside the site file, and the hosts' own, read through the engine.

Because the hosts' keys come another way than SSH, nobody has to believe what answers at the first contact.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pkgci.errors import NothingReachedError, UsageError
from pkgci.files import rewrite, write_atomically
from pkgci.leavers.memory import forget
from pkgci.model.known_hosts import known_name
from pkgci.model.site import Host, Site


def lab_directory(site: Site) -> Path:
    """Where the lab keeps what belongs to it, beside the site file."""
    return site.directory / ".lab"


def key_file(site: Site) -> Path:
    """The operator's private key."""
    return lab_directory(site) / "id_ed25519"


def ensure_key(site: Site) -> str:
    """The operator's public key line; the key pair is made where there is none. The private half is 0600."""
    path = key_file(site)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.exists():
        private = _read_key(path)
    else:
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        write_atomically(path, pem, mode=0o600)
    line = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    public = f"{line.decode()} pkgci-lab-{site.name}"
    write_atomically(path.with_name(f"{path.name}.pub"), public + "\n")
    return public


def _read_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_ssh_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", "whose lab is it?") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path} is not the lab's: it is no Ed25519 key", "move it away, then `pkgci lab up`")
    return key


def login_keys(site: Site, host: Host, lab_key: str) -> tuple[str, ...]:
    """The public keys that log in to ``host``: the lab's, and the one that the site file names for it.

    Raises ``UsageError`` where pkgci could not log in to the host: it has no key that the lab knows.
    """
    key = host.ssh.key
    if key is None or key == key_file(site):
        if key is None:
            raise UsageError(
                f"host '{host.name}' names no SSH key, and a lab host lets in nobody else",
                "write `ssh: {key: .lab/id_ed25519}` in the site file: `pkgci lab up` makes that key",
            )
        return (lab_key,)
    public = key.with_name(f"{key.name}.pub")
    if not public.is_file():
        raise UsageError(
            f"host '{host.name}' is reached with the key {key}, whose public half ({public.name}) is not beside it",
            f"`ssh-keygen -y -f {key} > {public}`, or write `key: .lab/id_ed25519` in the site file",
        )
    return (lab_key, public.read_text(encoding="utf-8").strip())


def check_made(site: Site) -> None:
    """Raises ``NothingReachedError`` where the site's lab was never made, or is gone: its key is not there."""
    if not key_file(site).is_file():
        raise NothingReachedError(f"the lab '{site.name}' is not made", "`pkgci lab up` first")


def replace_known(text: str, forget: Iterable[str], keys: Mapping[str, Iterable[str]]) -> str:
    """known_hosts ``text`` with ``keys`` (name → 'type key') in place of the lines of the names to ``forget``."""
    gone = set(forget)
    kept = [line for line in text.splitlines() if line.split(" ", 1)[0] not in gone]
    added = [f"{name} {key}" for name, lines in keys.items() for key in lines]
    return "".join(f"{line}\n" for line in (*kept, *added))


def record_keys(site: Site, names: Iterable[str], keys: Mapping[str, Iterable[str]]) -> None:
    """Writes ``keys`` (known name → 'type key' lines) into the site's known_hosts; lines of others' stay.

    Lines of the hosts ``names`` are forgotten, at port 22 or another, so that an earlier lab's keys are no obstacle.
    """
    about = set(names)
    rewrite(site.directory / "known_hosts", lambda text: replace_known(text, _names_in(text, about), keys))


def forget_hosts(site: Site, hosts: Iterable[str], others: Iterable[str] = ()) -> None:
    """Nothing is known any more of ``hosts``, which are gone, nor a key of the machines ``others``."""
    names = tuple(hosts)
    record_keys(site, [*names, *others], {})
    forget(site, *names)


def _names_in(text: str, hosts: set[str]) -> set[str]:
    """The first fields of known_hosts lines that are about ``hosts``, at any port."""
    names = {line.split(" ", 1)[0] for line in text.splitlines()}
    return {name for name in names if name in hosts or (name.startswith("[") and name[1:].partition("]")[0] in hosts)}


def ssh_command(site: Site, host: Host, command: tuple[str, ...]) -> list[str]:
    """The ssh client's argument list for ``host``, through its jump host where the site declares one."""
    return [*_ssh(site, host), "--", *command] if command else _ssh(site, host)


def ssh_options(known_hosts: Path, known_as: str, key: Path) -> list[str]:
    """Options of the ssh client with which it believes nothing but what ``known_hosts`` says of ``known_as``."""
    options = {
        "UserKnownHostsFile": str(known_hosts),
        "GlobalKnownHostsFile": "/dev/null",
        "HostKeyAlias": known_as,
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "LogLevel": "ERROR",
        # Seconds. A lab's hosts are on this machine.
        "ConnectTimeout": "10",
    }
    words = ["-F", "none", "-i", str(key)]
    return [*words, *(word for name, value in options.items() for word in ("-o", f"{name}={_quoted(value)}"))]


def _ssh(site: Site, host: Host, forward: str | None = None) -> list[str]:
    words = ["ssh", *ssh_options(site.directory / "known_hosts", known_name(host), host.ssh.key or key_file(site))]
    words += ["-p", str(host.ssh.port)]
    if host.ssh.jump:
        jump = _ssh(site, site.host(host.ssh.jump), forward=f"{host.address}:{host.ssh.port}")
        words += ["-o", f"ProxyCommand={shlex.join(jump).replace('%', '%%')}"]
    return [*words, *(["-W", forward] if forward else []), f"{host.ssh.user}@{host.address}"]


def _quoted(value: str) -> str:
    """An ssh option's value: one with spaces needs double quotes."""
    return f'"{value}"' if " " in value else value


def run_ssh(site: Site, host: Host, command: tuple[str, ...]) -> int:
    """Runs the ssh client on this terminal; returns its exit status.

    Raises ``UsageError`` where there is none, and ``NothingReachedError`` where there is no lab.
    """
    check_made(site)
    try:
        return subprocess.run(ssh_command(site, host, command), check=False).returncode
    except FileNotFoundError:
        raise UsageError("the ssh client is not installed", "`apt install openssh-client`") from None
