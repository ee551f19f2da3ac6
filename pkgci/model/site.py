"""The site: what a site file means, with every default filled in. All that the other rooms know of it is here."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pkgci.errors import UsageError
from pkgci.model.entries import completed, host_addresses, host_entries, host_roles, unknown_role
from pkgci.model.lab import Lab
from pkgci.model.review import Auth, Review
from pkgci.model.roles import CATALOGUE, Kind, OperatingSystem, Resources, Role
from pkgci.model.schema import (
    Access,
    Gerrit,
    HostEntry,
    Mail,
    Manifests,
    OutsideEntry,
    ProjectEntry,
    PuppetSettings,
    ResourceEntry,
    SiteFile,
    SshEntry,
    Target,
    Tls,
)
from pkgci.model.services import Builds, Jenkins, Logs, Repository, Systests, Zuul
from pkgci.model.sources import ProjectSource, SourceEntry, Sources
from pkgci.model.texts import Address
from pkgci.model.timeouts import Timeouts
from pkgci.model.words import nearest
from pkgci.paths import beside


@dataclass(frozen=True)
class Ssh:
    """How a host is reached. ``jump`` names the host of the site in between; ``key`` is an absolute path."""

    user: str
    port: int
    key: Path | None
    jump: str | None
    sudo: bool


@dataclass(frozen=True)
class Host:
    """One machine of the site (or the outside host, which has no roles)."""

    name: str
    roles: tuple[Role, ...]
    addresses: tuple[Address, ...]
    fqdn: str
    aliases: tuple[str, ...]
    os: OperatingSystem
    kind: Kind
    ssh: Ssh
    resources: Resources
    needs_kvm: bool = False

    @property
    def address(self) -> str:
        """The address that pkgci and the other hosts connect to: the first one declared."""
        return str(self.addresses[0])

    @property
    def agent_user(self) -> str:
        """The account that runs jobs on this host; another one beside Jenkins' own package, whose user is `jenkins`."""
        return "jenkins-agent" if Role.JENKINS_MASTER in self.roles else "jenkins"

    @property
    def public(self) -> bool:
        """Whether the world reaches this host."""
        return any(CATALOGUE[role].public for role in self.roles)


@dataclass(frozen=True)
class Project:
    """One packaged source repository. Its jobs are called by its ``name``."""

    name: str
    targets: tuple[str, ...]
    own_steps: bool
    source: SourceEntry
    overrides: tuple[str, ...] = ()

    @property
    def upstream(self) -> ProjectSource | None:
        """The project with upstream's files, where they are in one of their own."""
        return self.source if isinstance(self.source, ProjectSource) else None


@dataclass(frozen=True)
class Site:
    """Everything one site file describes. ``path`` is the site file, ``directory`` the folder it stands in."""

    path: Path
    name: str
    domain: str
    access: Access
    hosts: tuple[Host, ...]
    outside: Host | None
    gerrit: Gerrit | None
    review: Review
    jenkins: Jenkins
    zuul: Zuul
    builds: Builds
    sources: Sources
    systests: Systests
    repository: Repository
    logs: Logs
    tls: Tls
    mail: Mail | None
    targets: dict[str, Target]
    projects: dict[str, Project]  # by what Gerrit calls them
    groups: dict[str, tuple[str, ...]]  # the projects whose changes may be checked together, as Gerrit calls them
    puppet: PuppetSettings
    manifests: Manifests | None
    role_settings: dict[Role, dict[str, object]]
    lab: Lab | None
    administrator_keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    timeouts: Timeouts = field(default_factory=Timeouts)

    @property
    def directory(self) -> Path:
        return self.path.parent

    @cached_property
    def _by_name(self) -> dict[str, Host]:
        return {host.name: host for host in self.hosts}

    def host(self, name: str) -> Host:
        """The host with this name. Raises ``UsageError`` with the nearest name where there is none."""
        try:
            return self._by_name[name]
        except KeyError:
            known = ", ".join(list(self._by_name)[:12])
            raise UsageError(
                f"no host '{name}' in {self.path}{nearest(name, self._by_name)}", f"hosts: {known}"
            ) from None

    def with_role(self, role: Role) -> tuple[Host, ...]:
        """The hosts with this role, in the order of the site file. Raises ``UsageError`` for a text that is no role."""
        if role not in self._by_role:
            raise unknown_role(role)
        return self._by_role[role]

    @cached_property
    def _by_role(self) -> dict[Role, tuple[Host, ...]]:
        return {role: tuple(host for host in self.hosts if role in host.roles) for role in Role}

    @cached_property
    def own_review(self) -> Host | None:
        """The host of this site that is the Gerrit which Zuul listens to; None where that is somebody else's."""
        names = {name: host for host in self.with_role(Role.REVIEW) for name in (host.fqdn, *host.aliases)}
        return names.get(self.gerrit.host) if self.gerrit else None

    @property
    def review_auth(self) -> Auth | None:
        """Where the accounts of the site's own Gerrit come from."""
        return self.review.effective_auth(lab=self.lab is not None)

    @cached_property
    def repositories(self) -> tuple[str, ...]:
        """All projects whose changes start jobs, as Gerrit calls them: the packages, then their upstreams."""
        upstreams = (project.upstream.project for project in self.projects.values() if project.upstream)
        return tuple(dict.fromkeys((*self.projects, *upstreams)))

    @cached_property
    def built_together(self) -> dict[str, dict[str, str | None]]:
        """Project → those that are built with it, and their branch; None for the one that is called like its own."""
        found: dict[str, dict[str, str | None]] = {}
        for name, project in self.projects.items():
            if project.upstream:
                found.setdefault(name, {})[project.upstream.project] = project.upstream.branch
                found.setdefault(project.upstream.project, {}).setdefault(name, None)
        return found

    def select(self, roles: tuple[str, ...] = (), hosts: tuple[str, ...] = ()) -> tuple[Host, ...]:
        """The hosts with one of ``roles`` or one of the names ``hosts``; all of them where neither is given.

        Raises ``UsageError`` for an unknown role or host, and where nothing is left: zero hosts is an error.
        """
        if not roles and not hosts:
            return self.hosts
        wanted = {self.host(name).name for name in hosts}
        for name in roles:
            if name not in self._by_role:
                raise unknown_role(name)
            wanted.update(host.name for host in self.with_role(Role(name)))
        if not wanted:
            there = [role for role in Role if self.with_role(role)]
            raise UsageError(
                f"no host of {self.path} has the role {' or '.join(roles)}", f"roles of its hosts: {', '.join(there)}"
            )
        return tuple(host for host in self.hosts if host.name in wanted)


def resolve(document: SiteFile, path: Path, administrator_keys: dict[str, tuple[str, ...]]) -> Site:
    """The site that a valid ``document`` describes; ``path`` is where it stands."""
    directory = path.parent
    return Site(
        path=path,
        name=document.site,
        domain=document.domain,
        access=document.access,
        hosts=tuple(_host(name, entry, document, directory) for name, entry in host_entries(document).items()),
        outside=None if document.outside is None else _outside(document.outside, document, directory),
        gerrit=document.gerrit,
        review=document.review or Review(),
        jenkins=document.jenkins,
        zuul=document.zuul,
        builds=document.builds,
        sources=document.sources,
        systests=document.systests,
        repository=document.repository,
        logs=document.logs,
        tls=document.tls,
        mail=document.mail,
        targets=document.targets,
        projects={entry.repository or name: _project(name, entry) for name, entry in document.projects.items()},
        groups={name: tuple(_repository(one, document) for one in named) for name, named in document.groups.items()},
        puppet=document.puppet,
        manifests=document.manifests,
        role_settings=document.roles,
        lab=document.lab,
        administrator_keys=administrator_keys,
        timeouts=document.timeouts,
    )


def _project(name: str, entry: ProjectEntry) -> Project:
    return Project(name, entry.targets, entry.own_steps, entry.source, entry.overrides)


def _repository(project: str, document: SiteFile) -> str:
    """What Gerrit calls a project that the site file calls ``project``."""
    entry = document.projects.get(project)
    return (entry and entry.repository) or project


def _host(name: str, entry: HostEntry, document: SiteFile, directory: Path) -> Host:
    roles = host_roles(entry)
    parts = [_ordered(role, document) for role in roles]
    resources = sum((part[0] for part in parts), Resources(0, 0, 0))
    hardware = any(part[1] is Kind.HARDWARE for part in parts)
    return Host(
        name=name,
        roles=roles,
        addresses=host_addresses(entry),
        fqdn=entry.dns or f"{name}.{document.domain}",
        aliases=entry.aliases,
        os=entry.os or document.os,
        kind=entry.kind or (Kind.HARDWARE if hardware else Kind.VM),
        ssh=_ssh(completed(document.ssh, entry.ssh), directory),
        resources=resources,
        needs_kvm=any(part[2] for part in parts),
    )


def _outside(entry: OutsideEntry, document: SiteFile, directory: Path) -> Host:
    return Host(
        name="outside",
        roles=(),
        addresses=(entry.address,),
        fqdn=f"outside.{document.domain}",
        aliases=(),
        os=document.os,
        kind=Kind.VM,
        ssh=_ssh(entry.ssh, directory),
        resources=Resources(1, 0, 0),
    )


def _ordered(role: Role, document: SiteFile) -> tuple[Resources, Kind, bool]:
    """What is ordered for ``role``: the catalogue's figures, the site's ``every_role``, the site's own for the role."""
    spec = CATALOGUE[role]
    resources, kind, kvm = spec.resources, spec.kind, spec.needs_kvm
    for override in (document.resources.get("every_role"), document.resources.get(role)):
        if override is None:
            continue
        resources = _overridden(resources, override)
        kind = override.kind or kind
        kvm = kvm if override.kvm is None else override.kvm
    return resources, kind, kvm


def _overridden(resources: Resources, override: ResourceEntry) -> Resources:
    return Resources(
        cpu=override.cpu or resources.cpu,
        memory_mb=override.memory or resources.memory_mb,
        disk_gb=max(1, override.disk // 1000) if override.disk else resources.disk_gb,
    )


def _ssh(entry: SshEntry, directory: Path) -> Ssh:
    return Ssh(
        user=entry.user,
        port=entry.port,
        key=beside(directory, entry.key) if entry.key else None,
        jump=entry.jump,
        sudo=entry.user != "root" if entry.sudo is None else entry.sudo,
    )
