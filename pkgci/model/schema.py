"""What can be written in a site file: the typed model behind ``pkgci validate`` and the JSON Schema for editors.

These classes say what each key means and what its default is. What a site file *means* once the defaults are filled
in is ``pkgci.model.site``.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pkgci.model.flows import GERRIT_SSH, SSH
from pkgci.model.roles import Kind, OperatingSystem, Role
from pkgci.model.texts import (
    Address,
    DomainName,
    FactName,
    GitRef,
    GitUrl,
    HostName,
    InnerPath,
    Megabytes,
    Network,
    PathText,
    PortNumber,
    ProjectName,
    TargetName,
    UserName,
)


class _Model(BaseModel):
    # Built on first use: `pkgci validate` then builds one validator, not one for each class.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class SshEntry(_Model):
    """How pkgci reaches a host."""

    user: UserName = Field("root", description="Who logs in. Anyone but root needs sudo without a password.")
    port: PortNumber = Field(SSH.number, description="The port sshd listens on.")
    key: PathText | None = Field(
        None, description="The private key file, relative to the site file. Default: the SSH agent and ~/.ssh."
    )
    jump: HostName | None = Field(None, description="The host of this site through which this one is reached.")
    sudo: bool | None = Field(None, description="Whether commands run through sudo. Default: for anyone but root.")


class HostEntry(_Model):
    """One machine."""

    role: Role | None = Field(None, description="What the host is for.")
    roles: tuple[Role, ...] | None = Field(None, description="What the host is for, where it has several roles.")
    address: Address | None = Field(None, description="The host's address.")
    addresses: tuple[Address, ...] | None = Field(None, description="The host's addresses, IPv4 and IPv6.")
    dns: DomainName | None = Field(None, description="The host's DNS name. Default: its name in the site's domain.")
    aliases: tuple[DomainName, ...] = Field((), description="Further DNS names that its certificate covers.")
    os: OperatingSystem | None = Field(None, description="The operating system. Default: the site's `os`.")
    kind: Kind | None = Field(None, description="VM or hardware. Default: what the role catalogue orders.")
    ssh: SshEntry | None = Field(None, description="How pkgci reaches it. Default: the site's `ssh`.")


class OutsideEntry(_Model):
    """A machine outside the site from which pkgci proves what the world can and cannot reach."""

    address: Address
    ssh: SshEntry = Field(default_factory=SshEntry)


class Access(_Model):
    """Who may get in."""

    management: tuple[Network, ...] = Field(
        min_length=1, description="The networks that may reach SSH, and from where pkgci runs."
    )
    administrators: dict[UserName, PathText] = Field(
        default_factory=dict, description="Administrator → file with his public SSH keys, relative to the site file."
    )


class Gerrit(_Model):
    """The code review that Zuul listens to."""

    host: DomainName
    user: UserName = Field("zuul", description="Zuul's account.")
    port: PortNumber = Field(GERRIT_SSH.number, description="Gerrit's SSH port.")
    url: str | None = Field(None, pattern=r"^https?://[^\s]+$", description="Web address. Default: https://HOST.")
    host_key: str | None = Field(None, description="Gerrit's SSH host key, pinned: 'ssh-ed25519 AAAA…'.")


class Archive(_Model):
    """A file to download, by address and checksum."""

    url: str = Field(pattern=r"^https?://[^\s]+$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Its SHA-256 checksum, in hexadecimal digits.")


class AptSource(_Model):
    """An apt source of Jenkins, and the key that signs it."""

    url: str = Field("https://pkg.jenkins.io/debian-stable", pattern=r"^https?://[^\s]+$")
    key: str = Field(
        "https://pkg.jenkins.io/debian-stable/jenkins.io-2026.key",
        pattern=r"^https?://[^\s]+$",
        description="Where its signing key is.",
    )
    # Jenkins' own since LTS 2.541.1 (reference: jenkins, "Installation").
    fingerprint: str = Field(
        "5E386EADB55F01504CAE8BCF7198F4B714ABFC68",
        pattern=r"^[0-9A-F]{40}$",
        description="The fingerprint that the key must have.",
    )


class Ldap(_Model):
    """Jenkins' users come from an LDAP directory."""

    server: str = Field(pattern=r"^ldaps?://[^\s]+$", description="As in 'ldaps://ldap.example.org'.")
    root_dn: str = Field(description="As in 'dc=example,dc=org'.")
    user_search: str = Field("uid={0}", description="The filter that finds a user.")
    user_search_base: str = Field("", description="Below which part of the root users are.")
    manager_dn: str | None = Field(
        None, description="Who searches. Default: nobody. His password is the secret jenkins_master/ldap_password."
    )


class Oidc(_Model):
    """Jenkins' users log in through an OpenID Connect provider."""

    well_known: str = Field(pattern=r"^https://[^\s]+$", description="The provider's openid-configuration address.")
    client_id: str = Field(description="The client's name; its secret is the secret jenkins_master/oidc_secret.")
    user_claim: str = Field("preferred_username", description="The claim that names a user.")


class Jenkins(_Model):
    """The Jenkins master: which one, its plugins, and who may change it."""

    version: str = Field("2.568.2", pattern=r"^\d+(\.\d+)+$", description="The LTS release, until you change it.")
    apt: AptSource = Field(default_factory=AptSource, description="The apt source. Default: Jenkins' own.")
    war: Archive | None = Field(None, description="A WAR to install in place of the apt source's package.")
    plugins: dict[str, str] = Field(
        default_factory=dict, description="Plugin → version, added to pkgci's list or in place of its version."
    )
    plugin_manager: Archive | None = Field(
        None, description="jenkins-plugin-manager.jar. Default: the plugin manager project's own release."
    )
    update_center: str | None = Field(
        None, pattern=r"^https?://[^\s]+$", description="A mirror of Jenkins' update center."
    )
    executors: dict[Role, int] = Field(
        default_factory=dict, description="How many builds run at once on a slave of this role."
    )
    ldap: Ldap | None = Field(None, description="Users from LDAP. Default: Jenkins' own, with one administrator.")
    oidc: Oidc | None = Field(None, description="Users from OpenID Connect.")
    administrators: tuple[str, ...] = Field(
        ("admin",), min_length=1, description="Who may change Jenkins. The first is who deploys the jobs."
    )
    jobs: tuple[PathText, ...] = Field(
        (), description="Your own jenkins-job-builder files or folders, relative to the site file."
    )


class Vote(_Model):
    """A vote in Gerrit."""

    label: str = Field(pattern=r"^[A-Za-z0-9-]+$")
    value: int = Field(ge=-4, le=4)


class Trust(_Model):
    """Which changes may run on the slaves at all: any, or those of some accounts, or those that somebody let pass."""

    accounts: tuple[str, ...] = Field(
        (), description="Gerrit accounts (user names or mail addresses) whose changes run at once."
    )
    approval: Vote | None = Field(
        None, description="The vote that lets any other change run, as in {label: Code-Review, value: 1}."
    )


class Zuul(_Model):
    """Zuul: whose changes run, what starts the gate, and the site's own layouts."""

    trust: Trust | None = Field(None, description="Which changes may run. Default: every change.")
    gate: Vote = Field(
        default_factory=lambda: Vote(label="Workflow", value=1), description="The vote that sends a change to the gate."
    )
    periodic: str = Field("0 2 * * *", description="When the periodic pipeline runs, as in crontab(5); '' for never.")
    layouts: tuple[PathText, ...] = Field(
        (), description="Your own Zuul layout files, relative to the site file, added to pkgci's."
    )


class Tls(_Model):
    """Certificates of the public hosts, from the site's own certificate authority."""

    days: int = Field(397, ge=1, le=825, description="For how many days a certificate is valid.")


class Mail(_Model):
    """Where the hosts' mail goes."""

    administrator: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", description="Who gets the hosts' mail.")
    relay: DomainName | None = Field(None, description="The mail relay that the hosts hand their mail to.")


class Target(_Model):
    """What is built for: a Debian or Ubuntu suite, or a mock configuration."""

    deb: str | None = Field(None, pattern=r"^[a-z][a-z0-9.-]*$", description="The suite, as in 'trixie'.")
    rpm: str | None = Field(
        None, pattern=r"^[A-Za-z0-9][\w.+-]*$", description="The mock root, as in 'centos-stream+epel-9-x86_64'."
    )
    mirror: str | None = Field(None, pattern=r"^https?://[^\s]+$", description="Default: the host's own mirror.")


class Project(_Model):
    """One packaged source repository."""

    targets: tuple[TargetName, ...] = Field(min_length=1, description="What its packages are built for.")


class ResourceEntry(_Model):
    """What to order in place of the role catalogue's figures."""

    cpu: int | None = Field(None, ge=1, description="CPU cores.")
    memory: Megabytes | None = Field(None, description="Memory, as in '4 GB'.")
    disk: Megabytes | None = Field(None, description="Disk, as in '100 GB'.")
    kind: Kind | None = Field(None, description="VM or hardware.")
    kvm: bool | None = Field(None, description="Whether KVM is needed.")


class PuppetSettings(_Model):
    """How Puppet is run on the hosts."""

    flavour: Literal["distribution", "openvox"] = Field(
        "distribution", description="The distribution's puppet-agent, or OpenVox from an apt source the hosts have."
    )
    deadline: int = Field(60, ge=1, le=1440, description="Minutes after which a run on a host is ended.")
    settings: dict[str, str | int | bool] = Field(
        default_factory=dict, description="Puppet settings for `puppet apply`, as in `strict: warning`."
    )


class ForeignRole(_Model):
    """How a role of this site is named in a foreign manifest tree."""

    facts: dict[FactName, str] = Field(default_factory=dict, description="External facts of the run (FACTER_…).")
    hiera: PathText | None = Field(
        None, description="Folder of Hiera templates (*.yaml.j2) for this role, relative to the site file."
    )


class Manifests(_Model):
    """Somebody's existing Puppet manifests, in place of pkgci's own."""

    path: PathText | None = Field(None, description="The folder of the tree, relative to the site file.")
    git: GitUrl | None = Field(None, description="The git repository of the tree, over https, ssh or as file://.")
    ref: GitRef | None = Field(None, description="The branch, tag or commit in it. Default: its HEAD.")
    site: InnerPath = Field("manifests/site.pp", description="The manifest to apply.")
    modules: tuple[InnerPath, ...] = Field(("modules",), description="The module folders, first wins.")
    hiera: InnerPath | None = Field(
        None, description="The tree's hiera.yaml (version 5 or 3), looked up behind the site's own data."
    )
    settings: dict[str, str | int | bool] = Field(default_factory=dict, description="Puppet settings for this tree.")
    packages: tuple[str, ...] = Field((), description="Packages that the tree needs on every host.")
    roles: dict[Role, ForeignRole] = Field(default_factory=dict)


class Lab(_Model):
    """How `pkgci lab` makes this site's hosts out of containers."""

    mirror: str | None = Field(None, pattern=r"^https?://[^\s]+$", description="Default: this machine's own mirror.")
    jenkins: Literal["stand-in", "real"] = Field(
        "stand-in", description="The stand-in that the lab brings, or the real Jenkins, which must be downloaded."
    )
    review: Literal["stand-in", "none"] = Field(
        "stand-in", description="The stand-in for Gerrit that the lab brings, or none: `gerrit` names a real one."
    )


class SiteFile(_Model):
    """A site file: everything that pkgci needs to know of one packaging CI. Secrets are never in it."""

    model_config = ConfigDict(title="pkgci site file")

    version: Literal[1] = Field(description="The version of this format.")
    site: HostName = Field(description="The site's name.")
    domain: DomainName = Field(description="The DNS zone of the hosts.")
    access: Access
    hosts: dict[HostName, HostEntry] = Field(min_length=1)
    outside: OutsideEntry | None = None
    os: OperatingSystem = Field(OperatingSystem.DEBIAN_13, description="The hosts' operating system.")
    ssh: SshEntry = Field(default_factory=SshEntry, description="How hosts are reached that do not say it themselves.")
    gerrit: Gerrit | None = None
    jenkins: Jenkins = Field(default_factory=Jenkins)
    zuul: Zuul = Field(default_factory=Zuul)
    tls: Tls = Field(default_factory=Tls)
    mail: Mail | None = None
    targets: dict[TargetName, Target] = Field(default_factory=dict)
    projects: dict[ProjectName, Project] = Field(default_factory=dict)
    resources: dict[Role | Literal["every_role"], ResourceEntry] = Field(
        default_factory=dict, description="Resources to order in place of the role catalogue's, per role."
    )
    roles: dict[Role, dict[str, Any]] = Field(
        default_factory=dict, description="Per-role settings: Hiera keys and their values, laid over pkgci's own."
    )
    puppet: PuppetSettings = Field(default_factory=PuppetSettings)
    manifests: Manifests | None = None
    lab: Lab | None = None
