"""What can be said of Jenkins, Zuul, builds, repositories and logs in a site file."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from pkgci.model.base import Model
from pkgci.model.roles import Role
from pkgci.model.texts import Megabytes, PathText, PortNumber, Sha256


class Archive(Model):
    """A file to download, by address and checksum."""

    url: str = Field(
        pattern=r"^(https?://|file:///)[^\s'\x22\x5c$`]+$",
        description="https://…, or file:///PATH for one that is on the host already.",
    )
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Its SHA-256 checksum, in hexadecimal digits.")


class AptSource(Model):
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


class Ldap(Model):
    """Users come from an LDAP directory."""

    server: str = Field(pattern=r"^ldaps?://[^\s]+$", description="As in 'ldaps://ldap.example.org'.")
    root_dn: str = Field(description="As in 'dc=example,dc=org'.")
    user_search: str = Field("uid={0}", description="The filter that finds a user.")
    user_search_base: str = Field("", description="Below which part of the root users are.")
    manager_dn: str | None = Field(
        None, description="Who searches. Default: nobody. His password is the secret ROLE/ldap_password."
    )

    @property
    def host(self) -> str:
        """The directory's server."""
        return urlsplit(self.server).hostname or self.server

    def port(self, default: int) -> int:
        """Its port, where the address names one."""
        return urlsplit(self.server).port or default


class Oidc(Model):
    """Jenkins' users log in through an OpenID Connect provider."""

    well_known: str = Field(pattern=r"^https://[^\s]+$", description="The provider's openid-configuration address.")
    client_id: str = Field(description="The client's name; its secret is the secret jenkins_master/oidc_secret.")
    user_claim: str = Field("preferred_username", description="The claim that names a user.")


PluginName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]


class Plugin(Model):
    """A plugin of Jenkins."""

    version: str = Field(pattern=r"^[\w.-]+$", description="Its version.")
    sha256: Sha256 | None = Field(None, description="The SHA-256 checksum of its file: another one is refused.")

    @model_validator(mode="before")
    @classmethod
    def _version_alone(cls, value: Any) -> Any:
        return {"version": value} if isinstance(value, str) else value

    @property
    def entry(self) -> dict[str, str]:
        """Both, as far as they are known."""
        return {"version": self.version, **({"sha256": self.sha256} if self.sha256 else {})}


class Jenkins(Model):
    """The Jenkins master: which one, its plugins, and who may change it."""

    version: str = Field("2.568.2", pattern=r"^\d+(\.\d+)+$", description="The LTS release, until you change it.")
    apt: AptSource = Field(default_factory=AptSource, description="The apt source. Default: Jenkins' own.")
    war: Archive | None = Field(None, description="A WAR to install in place of the apt source's package.")
    plugins: dict[PluginName, Plugin] = Field(
        default_factory=dict,
        description="Plugin → version, or {version: …, sha256: …}, added to pkgci's list or in place of its version. "
        "What they need in turn is to be named here, too.",
    )
    plugin_manager: Archive | None = Field(
        None, description="jenkins-plugin-manager.jar. Default: the plugin manager project's own release."
    )
    update_center: str | None = Field(
        None, pattern=r"^https?://[^\s]+$", description="A mirror of Jenkins' update center."
    )
    executors: dict[Role, Annotated[int, Field(ge=1, le=100)]] = Field(
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


class Vote(Model):
    """A vote in Gerrit."""

    label: str = Field(pattern=r"^[A-Za-z0-9-]+$")
    value: int = Field(ge=-4, le=4)


class Trust(Model):
    """Which changes may run on the slaves at all: any, or those of some accounts, or those that somebody let pass."""

    accounts: tuple[str, ...] = Field(
        (), description="Gerrit accounts (user names or mail addresses) whose changes run at once."
    )
    approval: Vote | None = Field(
        None, description="The vote that lets any other change run, as in {label: Code-Review, value: 1}."
    )


# Branches, as in `main`, `debian/*`, `!old/*`.
BranchPattern = Annotated[str, Field(pattern=r"^!?[A-Za-z0-9._/*?+@=,~-]+$")]


class Zuul(Model):
    """Zuul: whose changes run, what starts the gate, and the site's own layouts."""

    trust: Trust | None = Field(None, description="Which changes may run. Default: every change.")
    gate: Vote = Field(
        default_factory=lambda: Vote(label="Workflow", value=1), description="The vote that sends a change to the gate."
    )
    periodic: str = Field("0 2 * * *", description="When the periodic pipeline runs, as in crontab(5); '' for never.")
    periodic_branches: tuple[BranchPattern, ...] = Field(
        ("*", "!upstream", "!upstream/*", "!pristine-tar"),
        min_length=1,
        description="The branches that it builds, as patterns; '!' takes out again, the last that matches decides. "
        "Default: all but those in which git-buildpackage keeps upstream's files.",
    )
    layouts: tuple[PathText, ...] = Field(
        (), description="Your own Zuul layout files, relative to the site file, added to pkgci's."
    )


class Builds(Model):
    """What one build may take before it is ended, and, but for the minutes, what one test."""

    minutes: int = Field(120, ge=1, le=290, description="Minutes. The job around it has 300.")
    memory: Megabytes = Field(4000, description="Memory, as in '4 GB'.")
    disk: Megabytes = Field(10000, description="Disk, as in '10 GB'.")
    files: int = Field(1_000_000, ge=50_000, le=100_000_000, description="Files and folders on the disk.")
    processes: int = Field(4000, ge=100, le=1_000_000, description="Processes and threads at once.")
    ports: tuple[PortNumber, ...] = Field(
        (),
        description="TCP ports that jobs reach beside 80, 443 and those of mirrors and sources: a proxy's, say. The "
        "site's own hosts stay closed.",
    )


class Systests(Model):
    """In what packages are tested as a whole system."""

    machine: Literal["container", "vm"] = Field(
        "container", description="A container, or a virtual machine: with KVM where the slave has it, slowly without."
    )


class Repository(Model):
    """The package repositories."""

    closed_days: int = Field(
        14, ge=0, le=3650, description="For how many days a change's repository stays once nothing more came to it."
    )
    generations: int = Field(10, ge=2, le=1000, description="How many states of a repository one can roll back to.")
    key_days: int = Field(730, ge=2, le=3650, description="For how many days a new signing key is valid.")


class Logs(Model):
    """How long logs and artifacts stay."""

    days: int = Field(90, ge=1, le=3650, description="For how many days.")
    disk: Megabytes = Field(50000, description="How much of the disk they may take; the oldest go first.")
