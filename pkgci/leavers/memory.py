"""What every host was when it was last bootstrapped: a host that left the site file is known by nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from pkgci.files import rewrite
from pkgci.leavers import MEMORY
from pkgci.model.roles import Kind, OperatingSystem, Resources, Role
from pkgci.model.site import Host, Site, Ssh
from pkgci.model.texts import Address
from pkgci.remembering import remembering


class _Remembered(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class RememberedSsh(_Remembered):
    """How the host was reached."""

    user: str
    port: int
    key: Path | None
    jump: str | None
    sudo: bool


class Remembered(_Remembered):
    """One host. ``roles`` are those that it may still have traces of, ``secrets`` names those that it was given."""

    name: str
    roles: Annotated[tuple[Role, ...], BeforeValidator(lambda names: [one for one in names if one in set(Role)])]
    addresses: tuple[Address, ...]
    fqdn: str
    os: OperatingSystem
    ssh: RememberedSsh
    secrets: tuple[str, ...] = ()

    def retired(self) -> Host:
        """The host as it is when it has no role any more."""
        return Host(
            name=self.name,
            roles=(),
            addresses=self.addresses,
            fqdn=self.fqdn,
            aliases=(),
            os=self.os,
            kind=Kind.VM,
            ssh=Ssh(**dict(self.ssh)),
            resources=Resources(0, 0, 0),
        )


def remembered(host: Host, secrets: Iterable[str]) -> Remembered:
    """``host`` as it is now declared, with the names of the ``secrets`` that it is given."""
    ssh = host.ssh
    return Remembered(
        name=host.name,
        roles=host.roles,
        addresses=host.addresses,
        fqdn=host.fqdn,
        os=host.os,
        ssh=RememberedSsh(user=ssh.user, port=ssh.port, key=ssh.key, jump=ssh.jump, sudo=ssh.sudo),
        secrets=tuple(sorted(secrets)),
    )


def _file(site: Site) -> Path:
    return site.directory / MEMORY


def recall(site: Site) -> dict[str, Remembered]:
    """What is remembered of every host that was ever bootstrapped from this site's folder, by name."""
    try:
        return _hosts(_file(site).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _hosts(text: str) -> dict[str, Remembered]:
    try:
        entries = json.loads(text)["hosts"]
    except (ValueError, KeyError, TypeError):
        return {}
    found = {}
    for entry in entries if isinstance(entries, list) else ():
        try:
            host = Remembered.model_validate(entry)
        except ValidationError:
            continue
        found[host.name] = host
    return found


def begin(site: Site, hosts: Iterable[Remembered]) -> None:
    """Writes down ``hosts``, which are about to be bootstrapped: until that is done they have what they had, too."""
    beginning = tuple(hosts)

    def with_both(known: dict[str, Remembered]) -> None:
        for host in beginning:
            before = known.get(host.name)
            if before is not None:
                roles = tuple(dict.fromkeys((*before.roles, *host.roles)))
                secrets = tuple(sorted({*before.secrets, *host.secrets}))
                host = host.model_copy(update={"roles": roles, "secrets": secrets})
            known[host.name] = host

    _change(site, with_both)


def done(site: Site, host: Remembered) -> None:
    """Writes down that ``host`` is as it is declared: it has no other role any more."""
    _change(site, lambda known: known.update({host.name: host}))


def forget(site: Site, *names: str) -> None:
    """Forgets the hosts called ``names``: they are retired, or gone."""

    def without(known: dict[str, Remembered]) -> None:
        for name in names:
            known.pop(name, None)

    if recall(site).keys() & set(names):
        _change(site, without)


def _change(site: Site, change: Callable[[dict[str, Remembered]], None]) -> None:
    def changed(text: str) -> str:
        known = _hosts(text)
        change(known)
        entries = [host.model_dump(mode="json") for host in known.values()]
        return json.dumps({"hosts": entries}, indent=2) + "\n"

    with remembering("which roles and secrets hosts have is", _file(site)):
        rewrite(_file(site), changed)
