"""What can be said of Jenkins, Zuul, builds, repositories and logs in a site file."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, model_validator

from pkgci.model.base import Model, defaults
from pkgci.model.numbers import Days, Megabytes, PortNumber, VoteValue, Whole
from pkgci.model.roles import Role
from pkgci.model.texts import (
    AccountOrMail,
    BranchPattern,
    Crontab,
    DottedVersion,
    Fingerprint,
    LabelName,
    Line,
    LineOrNothing,
    PathText,
    PluginName,
    PluginVersion,
    Sha256,
)
from pkgci.model.web import DirectoryUrl, FileOrWebUrl, SecureAddress, WebAddress
from pkgci.model.worded import some_of


class Archive(Model):
    """A file to download, by address and checksum."""

    url: FileOrWebUrl = Field(description="https://…, or file:///PATH for one that is on the host already.")
    sha256: Sha256 = Field(description="Its SHA-256 checksum, in hexadecimal digits.")


class AptSource(Model):
    """An apt source of Jenkins, and the key that signs it."""

    url: WebAddress = Field("https://pkg.jenkins.io/debian-stable", description="Its address.")
    key: WebAddress = Field(
        "https://pkg.jenkins.io/debian-stable/jenkins.io-2026.key",
        description="Where its signing key is.",
    )
    # Jenkins' own since LTS 2.541.1 (reference: jenkins, "Installation").
    fingerprint: Fingerprint = Field(
        "5E386EADB55F01504CAE8BCF7198F4B714ABFC68",
        description="The fingerprint that the key must have.",
    )


class Ldap(Model):
    """Users come from an LDAP directory."""

    server: DirectoryUrl = Field(description="As in 'ldaps://ldap.example.org'.")
    root_dn: Line = Field(description="As in 'dc=example,dc=org'.")
    user_search: Line = Field("uid={0}", description="The filter that finds a user.")
    user_search_base: LineOrNothing = Field("", description="Below which part of the root users are.")
    manager_dn: Line | None = Field(
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

    well_known: SecureAddress = Field(description="The provider's openid-configuration address.")
    client_id: Line = Field(description="The client's name; its secret is the secret jenkins_master/oidc_secret.")
    user_claim: Line = Field("preferred_username", description="The claim that names a user.")


def _or_version(schema: dict[str, Any]) -> None:
    """A plugin's version alone will do."""
    whole = dict(schema)
    schema.clear()
    schema["anyOf"] = [whole, whole["properties"]["version"]]


class Plugin(Model):
    """A plugin of Jenkins."""

    model_config = ConfigDict(json_schema_extra=_or_version)

    version: PluginVersion = Field(description="Its version.")
    sha256: Sha256 | None = Field(None, description="The SHA-256 checksum of its file: another one is refused.")

    @model_validator(mode="before")
    @classmethod
    def _version_alone(cls, value: Any) -> Any:
        return value if isinstance(value, dict | Plugin) else {"version": value}

    @property
    def entry(self) -> dict[str, str]:
        """Both, as far as they are known."""
        return {"version": self.version, **({"sha256": self.sha256} if self.sha256 else {})}


class Jenkins(Model):
    """The Jenkins master: which one, its plugins, and who may change it."""

    version: DottedVersion = Field("2.568.2", description="The LTS release, until you change it.")
    apt: AptSource = Field(default_factory=defaults(AptSource), description="The apt source. Default: Jenkins' own.")
    war: Archive | None = Field(None, description="A WAR to install in place of the apt source's package.")
    plugins: dict[PluginName, Plugin] = Field(
        default_factory=dict,
        description="Plugin → version, or {version: …, sha256: …}, added to pkgci's list or in place of its version. "
        "What they need in turn is to be named here, too.",
    )
    plugin_manager: Archive | None = Field(
        None, description="jenkins-plugin-manager.jar. Default: the plugin manager project's own release."
    )
    update_center: WebAddress | None = Field(None, description="A mirror of Jenkins' update center.")
    executors: dict[Role, Annotated[Whole, Field(ge=1, le=100)]] = Field(
        default_factory=dict, description="How many builds run at once on a slave of this role."
    )
    ldap: Ldap | None = Field(None, description="Users from LDAP. Default: Jenkins' own, with one administrator.")
    oidc: Oidc | None = Field(None, description="Users from OpenID Connect.")
    administrators: tuple[Line, ...] = Field(
        ("admin",), min_length=1, description="Who may change Jenkins. The first is who deploys the jobs."
    )
    jobs: tuple[PathText, ...] = Field(
        (), description="Your own jenkins-job-builder files or folders, relative to the site file."
    )


class Vote(Model):
    """A vote in Gerrit."""

    label: LabelName = Field(description="The label.")
    value: VoteValue = Field(description="How much.")


class Trust(Model):
    """Which changes may run on the slaves at all: any, or those of some accounts, or those that somebody let pass."""

    model_config = ConfigDict(json_schema_extra=some_of("accounts", "approval"))

    accounts: tuple[AccountOrMail, ...] = Field(
        (), description="Gerrit accounts (user names or mail addresses) whose changes run at once."
    )
    approval: Vote | None = Field(
        None, description="The vote that lets any other change run, as in {label: Code-Review, value: 1}."
    )

    @model_validator(mode="after")
    def _somebody(self) -> Trust:
        if not self.accounts and self.approval is None:
            raise ValueError(
                "names neither accounts nor an approval: no change would ever run; name `accounts: […]` or "
                "`approval: {label: …, value: …}`, or leave `trust` out: then every change runs"
            )
        return self


class Zuul(Model):
    """Zuul: whose changes run, what starts the gate, and the site's own layouts."""

    trust: Trust | None = Field(None, description="Which changes may run. Default: every change.")
    gate: Vote = Field(
        default_factory=lambda: Vote.model_construct(label="Workflow", value=1),
        description="The vote that sends a change to the gate.",
    )
    periodic: Crontab = Field(
        "0 2 * * *", description="When the periodic pipeline runs, as in crontab(5); '' for never."
    )
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

    minutes: Whole = Field(120, ge=1, le=290, description="Minutes. The job around it has 300.")
    memory: Megabytes = Field(4000, description="Memory, as in '4 GB'.")
    disk: Megabytes = Field(10000, description="Disk, as in '10 GB'.")
    files: Whole = Field(1_000_000, ge=50_000, le=100_000_000, description="Files and folders on the disk.")
    processes: Whole = Field(4000, ge=100, le=1_000_000, description="Processes and threads at once.")
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

    closed_days: Whole = Field(
        14, ge=0, le=3650, description="For how many days a change's repository stays once nothing more came to it."
    )
    generations: Whole = Field(10, ge=2, le=1000, description="How many states of a repository one can roll back to.")
    key_days: Whole = Field(730, ge=2, le=3650, description="For how many days a new signing key is valid.")


class Logs(Model):
    """How long logs and artifacts stay."""

    days: Days = Field(90, description="For how many days.")
    disk: Megabytes = Field(50000, description="How much of the disk they may take; the oldest go first.")
