"""The plan: what the runner on the host reads."""

import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

from pkgci.model.site import Site
from pkgci.puppetrun.plan import Tree, own_tree, plan_text, puppet_command

TREE = Tree(
    Path("/somewhere"), packages=("puppet-module-puppetlabs-stdlib",), facts={"zuul": {"role": "it's $(zuul) `x`"}}
)


def read(plan: str, tell: str) -> str:
    """What a shell that has read ``plan`` tells; commands of the plan are only said."""
    program = f'env() {{ printf "%s\\n" "$@"; }}\n{plan}\n{tell}'
    return subprocess.run(["sh", "-c", program], capture_output=True, text=True, check=True).stdout


def test_a_plan_names_the_agent_and_the_modules_packages(site: Site) -> None:
    plan = plan_text(site, site.host("zuul01"), TREE, run="r", data="d", noop=False)
    assert read(plan, 'echo "$agent|$packages|$noop|$data"') == (
        "puppet-agent|puppet-agent puppet-module-puppetlabs-stdlib|no|d\n"
    )


def test_openvox_brings_an_agent_of_its_own(site: Site) -> None:
    openvox = replace(site, puppet=site.puppet.model_copy(update={"flavour": "openvox"}))
    plan = plan_text(openvox, site.host("zuul01"), TREE, run="r", data="d", noop=True)
    assert read(plan, 'echo "$agent $noop"') == "openvox-agent yes\n"


def test_facts_of_a_role_reach_puppet_whatever_is_in_them(site: Site) -> None:
    plan = plan_text(site, site.host("zuul01"), TREE, run="r", data="d", noop=False)
    assert read(plan, "puppet_run").splitlines()[:2] == ["FACTER_role=it's $(zuul) `x`", "puppet"]
    assert "FACTER" not in plan_text(site, site.host("pub01"), TREE, run="r", data="d", noop=False)


def test_puppet_is_pinned_to_the_release_and_not_to_what_is_current(site: Site) -> None:
    words = puppet_command(site, TREE, run="r", data="d", noop=False)
    assert words[-1] == "/var/lib/pkgci/releases/d/code/manifests/site.pp"
    assert "--hiera_config=/var/lib/pkgci/releases/d/hiera.yaml" in words
    assert "/current/" not in shlex.join(words)
    assert "--noop" not in words


def test_settings_of_the_site_win_over_the_trees(site: Site) -> None:
    tree = replace(TREE, settings={"strict": "error", "usecacheonfailure": False})
    strict = replace(site, puppet=site.puppet.model_copy(update={"settings": {"strict": "warning"}}))
    words = puppet_command(strict, tree, run="r", data="d", noop=True)
    assert "--strict=warning" in words
    assert "--no-usecacheonfailure" in words
    assert "--noop" in words
    assert "--strict=error" not in words


def test_pkgcis_own_manifests_name_their_modules_packages() -> None:
    assert "puppet-module-puppetlabs-stdlib" in own_tree().packages
