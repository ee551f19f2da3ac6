"""What can be written in a site file: the typed model behind ``pkgci validate`` and the JSON Schema for editors.

These classes say what each key means and what its default is. What a site file *means* once the defaults are filled
in is ``pkgci.model.site``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from pkgci.model.base import Model, defaults
from pkgci.model.flows import GERRIT_SSH, SSH
from pkgci.model.lab import Lab
from pkgci.model.numbers import Flag, Megabytes, PortNumber, Whole
from pkgci.model.review import Review
from pkgci.model.roles import Kind, OperatingSystem, Role
from pkgci.model.services import Builds, Jenkins, Logs, Repository, Systests, Zuul
from pkgci.model.sources import SourceEntry, Sources
from pkgci.model.texts import (
    AccountName,
    Address,
    Component,
    DebianPackage,
    DomainName,
    FactName,
    GitRef,
    GitUrl,
    GroupName,
    HieraKey,
    HostName,
    InnerPath,
    Line,
    Mailbox,
    MockRoot,
    Network,
    PackageName,
    PathText,
    ProjectName,
    PuppetSetting,
    SuiteName,
    TargetName,
    UserName,
    VersionSuffix,
)
from pkgci.model.timeouts import Timeouts
from pkgci.model.web import WebAddress
from pkgci.model.worded import one_of, some_of


class SshEntry(Model):
    """How pkgci reaches a host."""

    user: UserName = Field("root", description="Who logs in. Anyone but root needs sudo without a password.")
    port: PortNumber = Field(SSH.number, description="The port sshd listens on.")
    key: PathText | None = Field(
        None, description="The private key file, relative to the site file. Default: the SSH agent and ~/.ssh."
    )
    jump: HostName | None = Field(None, description="The host of this site through which this one is reached.")
    sudo: Flag | None = Field(None, description="Whether commands run through sudo. Default: for anyone but root.")


class HostEntry(Model):
    """One machine."""

    model_config = ConfigDict(
        json_schema_extra={"allOf": [some_of("role", "roles"), some_of("address", "addresses")]},
    )

    role: Role | None = Field(None, description="What the host is for.")
    roles: tuple[Role, ...] | None = Field(None, description="What the host is for, where it has several roles.")
    address: Address | None = Field(None, description="The host's address.")
    addresses: tuple[Address, ...] | None = Field(None, description="The host's addresses, IPv4 and IPv6.")
    dns: DomainName | None = Field(None, description="The host's DNS name. Default: its name in the site's domain.")
    aliases: tuple[DomainName, ...] = Field((), description="Further DNS names that its certificate covers.")
    os: OperatingSystem | None = Field(None, description="The operating system. Default: the site's `os`.")
    kind: Kind | None = Field(None, description="VM or hardware. Default: what the role catalogue orders.")
    ssh: SshEntry | None = Field(None, description="How pkgci reaches it, where that is not as the site's `ssh` says.")
    jobs_beside: tuple[Role, ...] = Field(
        (),
        description="Accepts that jobs run on the host of these roles: zuul, jenkins_master, publisher, review. "
        "Anybody may have written what runs in them, and whoever breaks out of one has all that the role has.",
    )


class OutsideEntry(Model):
    """A machine outside the site from which pkgci proves what the world can and cannot reach."""

    address: Address
    ssh: SshEntry = Field(
        default_factory=defaults(SshEntry),
        description="How pkgci reaches it: the site's `ssh` is for the site's hosts only.",
    )


class Access(Model):
    """Who may get in."""

    management: tuple[Network, ...] = Field(
        min_length=1, description="The networks that may reach SSH, and from where pkgci runs."
    )
    administrators: dict[UserName, PathText] = Field(
        default_factory=dict, description="Administrator → file with his public SSH keys, relative to the site file."
    )


class Votes(Model):
    """Zuul's own votes, for the label Verified. A failure votes the same below zero."""

    check: Whole = Field(1, ge=1, le=4, description="Of the check pipeline.")
    gate: Whole = Field(2, ge=1, le=4, description="Of the gate pipeline.")


class Manage(Model):
    """What `pkgci deploy-review` may create in Gerrit, beside accounts, labels and rights."""

    projects: Flag = Field(False, description="Whether it creates the site's projects that Gerrit lacks.")
    branches: tuple[GitRef, ...] = Field((), description="The branches that it creates where a project lacks them.")


class Gerrit(Model):
    """The code review that Zuul listens to."""

    host: DomainName = Field(description="Gerrit's DNS name.")
    user: UserName = Field("zuul", description="Zuul's account.")
    port: PortNumber = Field(GERRIT_SSH.number, description="Gerrit's SSH port.")
    url: WebAddress | None = Field(None, description="Web address. Default: https://HOST.")
    host_key: Line | None = Field(None, description="Gerrit's SSH host key, pinned: 'ssh-ed25519 AAAA…'.")
    votes: Votes | None = Field(None, description="Zuul's votes. Default: 1 and 2, as far as Gerrit's label has them.")
    administrator: AccountName = Field("admin", description="Who logs in for `pkgci deploy-review`.")
    manage: Manage = Field(
        default_factory=defaults(Manage), description="What `pkgci deploy-review` may create. Default: nothing."
    )


class Tls(Model):
    """Certificates of the public hosts, from the site's own certificate authority."""

    days: Whole = Field(397, ge=1, le=825, description="For how many days a certificate is valid.")


class Mail(Model):
    """Where the hosts' mail goes."""

    administrator: Mailbox = Field(description="Who gets the hosts' mail.")
    relay: DomainName | None = Field(None, description="The mail relay that the hosts hand their mail to.")


class Target(Model):
    """What is built for: a Debian or Ubuntu suite, or a mock configuration."""

    model_config = ConfigDict(json_schema_extra=one_of("deb", "rpm"))

    deb: SuiteName | None = Field(None, description="The suite, as in 'trixie'.")
    rpm: MockRoot | None = Field(
        None,
        description="The mock root, as in 'centos-stream+epel-9-x86_64'; for the backend chroot a Debian suite.",
    )
    backend: Literal["mock", "chroot"] = Field(
        "mock",
        description="How RPMs are built: by mock, or by rpmbuild in a clean chroot of a Debian suite where mock cannot "
        "be had, which proves less.",
    )
    mirror: WebAddress | None = Field(None, description="Default: the host's own mirror.")
    security_mirror: WebAddress | None = Field(
        None,
        description="Where the suite's security updates are. Default: beside the mirror, or in it, or the host's own.",
    )
    components: tuple[Component, ...] = Field(("main",), min_length=1, description="The components of the suite.")
    version_suffix: VersionSuffix | None = Field(
        None,
        description="What the build adds to each version, as in '+site1~deb13'; for RPM the value of %dist, as in "
        "'.el9.site1'. '' adds nothing. Default: made of the site's name and the suite, so that it sorts by release, "
        "after the distribution's version and before the next one.",
    )


class ProjectEntry(Model):
    """One packaged source repository."""

    repository: ProjectName | None = Field(
        None,
        description="What Gerrit calls it, where its jobs are to be called otherwise. Default: the project's name.",
    )
    targets: tuple[TargetName, ...] = Field(min_length=1, description="What its packages are built for.")
    source: SourceEntry = Field(
        "auto",
        description="Where upstream's files come from: 'tree' (together with the packaging), 'git-buildpackage' (its "
        "branches and tags), 'tarball' (fetched and verified), {tarball: {url: …, sha256: …}}, or another project of "
        "the same Gerrit, {project: …}. Default: found from the tree.",
    )
    own_steps: Flag = Field(
        False,
        description="It is no package, and brings programs of its own: ci/build, ci/install, ci/repotest, ci/systest. "
        "They run in a bare system of the slave's distribution, without network. Needs `zuul: {trust: …}`.",
    )
    overrides: tuple[PackageName, ...] = Field(
        (),
        description="Names of packages, or of their sources, that belong to the target's distribution or to another "
        "project, and that this project may take all the same: by its packages' names, or by what they provide, "
        "replace, obsolete, break or conflict with. A project that is called like a source of the distribution may "
        "build it without this.",
    )


class ResourceEntry(Model):
    """What to order in place of the role catalogue's figures."""

    cpu: Whole | None = Field(None, ge=1, le=10_000, description="CPU cores.")
    memory: Megabytes | None = Field(None, description="Memory, as in '4 GB'.")
    disk: Megabytes | None = Field(None, description="Disk, as in '100 GB'.")
    kind: Kind | None = Field(None, description="VM or hardware.")
    kvm: Flag | None = Field(None, description="Whether KVM is needed.")


# Puppet's settings that are pkgci's own, and why.
OWN_SETTINGS = {
    "noop": "write `pkgci bootstrap --noop` for a run that changes nothing",
    "modulepath": "write `manifests: {modules: [...]}` for other folders of modules",
    "hiera_config": "each host gets its own (`pkgci render-hiera`)",
    "lastrunreport": "pkgci reads the report where it has Puppet write it",
    "lastrunfile": "pkgci reads the report where it has Puppet write it",
}
# What a setting of Puppet may be: on its command line, it is one word.
SettingValue = Line | Whole | Flag


class PuppetSettings(Model):
    """How Puppet is run on the hosts."""

    flavour: Literal["distribution", "openvox"] = Field(
        "distribution", description="The distribution's puppet-agent, or OpenVox from an apt source the hosts have."
    )
    deadline: Whole = Field(60, ge=1, le=1440, description="Minutes after which a run on a host is ended.")
    settings: dict[PuppetSetting, SettingValue] = Field(
        default_factory=dict, description="Puppet settings for `puppet apply`, as in `strict: warning`."
    )


class ForeignRole(Model):
    """How a role of this site is named in a foreign manifest tree."""

    facts: dict[FactName, Line] = Field(default_factory=dict, description="External facts of the run (FACTER_…).")
    hiera: PathText | None = Field(
        None, description="Folder of Hiera templates (*.yaml.j2) for this role, relative to the site file."
    )


class Manifests(Model):
    """Somebody's existing Puppet manifests, in place of pkgci's own."""

    model_config = ConfigDict(json_schema_extra=one_of("path", "git"))

    path: PathText | None = Field(None, description="The folder of the tree, relative to the site file.")
    git: GitUrl | None = Field(None, description="The git repository of the tree, over https, ssh or as file://.")
    ref: GitRef | None = Field(None, description="The branch, tag or commit in it. Default: its HEAD.")
    site: InnerPath = Field("manifests/site.pp", description="The manifest to apply.")
    modules: tuple[InnerPath, ...] = Field(("modules",), description="The module folders, first wins.")
    hiera: InnerPath | None = Field(
        None, description="The tree's hiera.yaml (version 5 or 3), looked up behind the site's own data."
    )
    settings: dict[PuppetSetting, SettingValue] = Field(
        default_factory=dict, description="Puppet settings for this tree."
    )
    packages: tuple[DebianPackage, ...] = Field((), description="Packages that the tree needs on every host.")
    roles: dict[Role, ForeignRole] = Field(default_factory=dict)


def _no_truth_value(value: Any) -> Any:
    """To Python, `true` is 1."""
    return str(value).lower() if isinstance(value, bool) else value


class SiteFile(Model):
    """A site file: everything that pkgci needs to know of one packaging CI. Secrets are never in it."""

    model_config = ConfigDict(title="pkgci site file")

    version: Annotated[Literal[1], BeforeValidator(_no_truth_value)] = Field(description="The version of this format.")
    site: HostName = Field(description="The site's name.")
    domain: DomainName = Field(description="The DNS zone of the hosts.")
    access: Access
    hosts: dict[HostName, HostEntry] = Field(min_length=1)
    outside: OutsideEntry | None = None
    os: OperatingSystem = Field(OperatingSystem.DEBIAN_13, description="The hosts' operating system.")
    ssh: SshEntry = Field(
        default_factory=defaults(SshEntry),
        description="How hosts are reached; a host's own `ssh` changes what it names.",
    )
    timeouts: Timeouts = Field(default_factory=defaults(Timeouts), description="How long pkgci waits for a host.")
    gerrit: Gerrit | None = None
    review: Review | None = Field(None, description="The site's own Gerrit: the host with the role review.")
    jenkins: Jenkins = Field(default_factory=defaults(Jenkins))
    zuul: Zuul = Field(default_factory=defaults(Zuul))
    builds: Builds = Field(default_factory=defaults(Builds))
    sources: Sources = Field(default_factory=defaults(Sources))
    systests: Systests = Field(default_factory=defaults(Systests))
    repository: Repository = Field(default_factory=defaults(Repository))
    logs: Logs = Field(default_factory=defaults(Logs))
    tls: Tls = Field(default_factory=defaults(Tls))
    mail: Mail | None = None
    targets: dict[TargetName, Target] = Field(default_factory=dict)
    projects: dict[ProjectName, ProjectEntry] = Field(default_factory=dict)
    groups: dict[GroupName, tuple[ProjectName, ...]] = Field(
        default_factory=dict,
        description="Projects whose changes are checked together: those with the topic group/NAME share one review "
        "repository, and are built with each other's packages.",
    )
    resources: dict[Role | Literal["every_role"], ResourceEntry] = Field(
        default_factory=dict, description="Resources to order in place of the role catalogue's, per role."
    )
    roles: dict[Role, dict[HieraKey, Any]] = Field(
        default_factory=dict, description="Per-role settings: Hiera keys and their values, laid over pkgci's own."
    )
    puppet: PuppetSettings = Field(default_factory=defaults(PuppetSettings))
    manifests: Manifests | None = None
    lab: Lab | None = None
