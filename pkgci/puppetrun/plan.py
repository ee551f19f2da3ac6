"""What the runner on a host is told: the packages to have, and the `puppet apply` to run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pkgci.assets import asset
from pkgci.model.site import Host, Site
from pkgci.puppetrun.packages import module_packages

ROOT = "/var/lib/pkgci"
# Where the distribution's puppet-module-* packages put modules, and where `puppet module install` does.
_MODULE_FOLDERS = ("/usr/share/puppet/modules", "/etc/puppetlabs/code/modules")
# The fact by which site.pp knows that data of roles that left goes, too.
PURGE = "pkgci_purge"
_AGENTS = {"distribution": "puppet-agent", "openvox": "openvox-agent"}


@dataclass(frozen=True)
class Tree:
    """A tree of Puppet manifests on this machine: paths but ``folder`` are relative to it.

    ``packages`` are what it needs on every host, ``facts`` external facts per role, ``settings`` Puppet settings.
    """

    folder: Path
    manifest: str = "manifests/site.pp"
    modules: tuple[str, ...] = ("site-modules", "modules")
    packages: tuple[str, ...] = ()
    settings: Mapping[str, str | int | bool] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def module_folders(self) -> tuple[Path, ...]:
        """The folders of modules in the tree."""
        return tuple(self.folder / name for name in self.modules)


def own_tree() -> Tree:
    """The manifests that travel with pkgci."""
    folder = asset("puppet")
    return Tree(folder, packages=module_packages(folder / "Puppetfile"))


def plan_text(site: Site, host: Host, tree: Tree, *, run: str, data: str, noop: bool, purge: bool = False) -> str:
    """The plan of one run, as the POSIX shell file that the runner reads.

    ``purge`` has the data of roles go that the host no longer has.
    """
    agent = _AGENTS[site.puppet.flavour]
    facts = {name: value for role in host.roles for name, value in tree.facts.get(role, {}).items()}
    if purge:
        facts[PURGE] = "yes"
    environment = [f"FACTER_{name}={value}" for name, value in facts.items()]
    command = ["env", *environment, *puppet_command(site, tree, run=run, data=data, noop=noop)]
    return (
        f"agent={agent}\n"
        f"packages={shlex.quote(' '.join((agent, *tree.packages)))}\n"
        f"noop={'yes' if noop else 'no'}\n"
        f"data={data}\n"
        f"puppet_run() {{\n  {shlex.join(command)}\n}}\n"
    )


def puppet_command(site: Site, tree: Tree, *, run: str, data: str, noop: bool) -> list[str]:
    """The command line of `puppet apply`: it names the release itself, so that nothing changes under a run."""
    release, folder = f"{ROOT}/releases/{data}", f"{ROOT}/runs/{run}"
    code = f"{release}/code"
    modules = (*(f"{code}/{name}" for name in tree.modules), *_MODULE_FOLDERS)
    # The last run's report is the one that is read; a second copy in Puppet's own store would cost a second or two.
    settings = {"reports": "none", **tree.settings, **site.puppet.settings}
    own = f"{folder}/puppet"
    return [
        *("puppet", "apply", "--verbose", "--evaltrace", "--detailed-exitcodes", "--color=false", "--show_diff"),
        *(["--noop"] if noop else []),
        # A puppet.conf, or environments, that somebody left on the host: both are looked for where nothing is.
        f"--confdir={own}",
        *([] if "environment" in settings else [f"--environmentpath={own}/environments"]),
        f"--modulepath={':'.join(modules)}",
        f"--hiera_config={release}/hiera.yaml",
        f"--lastrunreport={folder}/report.yaml",
        f"--lastrunfile={folder}/summary.yaml",
        *(_setting(name, value) for name, value in settings.items()),
        f"{code}/{tree.manifest}",
    ]


def _setting(name: str, value: str | int | bool) -> str:
    return f"--{'' if value else 'no-'}{name}" if isinstance(value, bool) else f"--{name}={value}"
