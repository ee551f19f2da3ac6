"""Bootstrapped hosts: a run that has nothing to change against bare Puppet and the peers, and the matrix."""

from __future__ import annotations

import shlex

from pkgci.connectivity.plan import CONNECT_LIMIT
from pkgci.model.site import Site
from pkgci.puppetrun.plan import own_tree, puppet_command
from tests.bench.local import PKGCI
from tests.bench.push import DEPLOY, PLACES, PLAYBOOK, values
from tests.bench.race import Contender, race
from tests.bench.report import Figure, Outcome, ratio
from tests.bench.tools import Tools

_REPORTS = "/var/lib/bench-reports"


def bootstrap(site: Site, tools: Tools, turns: int) -> Outcome:
    """``pkgci bootstrap`` where nothing is to change, against the same `puppet apply` over ssh, Ansible, pyinfra."""
    apply = _apply(site)
    place = {name: PLACES[name] for name in ("Ansible", "pyinfra")}
    playbook = PLAYBOOK.format(place=place["Ansible"], **values(tools))
    (tools.folder / "deploy.yml").write_text(f"{playbook}    - shell: {shlex.quote(apply)}\n")
    deploy = DEPLOY.format(place=place["pyinfra"], **values(tools))
    (tools.folder / "deploy.py").write_text(f"{deploy}\nserver.shell(commands=[{apply!r}])\n")
    tools.do(tools.loop(f"$ssh $host mkdir -p {_REPORTS} {' '.join(place.values())}"))
    commands = {
        "pkgci": (PKGCI, "bootstrap", "--parallel", str(len(site.hosts))),
        "ssh puppet apply": tools.loop(f"$ssh $host {shlex.quote(apply)}"),
        "Ansible": tools.ansible("deploy.yml"),
        "pyinfra": tools.pyinfra("deploy.py"),
    }
    contenders = [
        Contender(name, command, site.directory, tools.environment(name), tools.fresh)
        for name, command in commands.items()
    ]
    results = race(contenders, turns, warm_up=True)
    tools.do(tools.loop(f"$ssh $host rm -rf {_REPORTS} {' '.join(place.values())}"))
    ours, hosts = results["pkgci"], f"{len(site.hosts)} hosts"
    figures = [ratio(f"bootstrap, no change, {hosts}, to ssh", ours, results["ssh puppet apply"], 1.1)]
    figures += [ratio(f"bootstrap, no change, {hosts}, to {peer}", ours, results[peer], 1.0) for peer in place]
    figures.append(Figure(f"memory of bootstrap, {hosts}", ours.memory, "MB", 150, "resident, at its largest"))
    return Outcome(tuple(figures), {"bootstrap": results})


def connectivity(site: Site, turns: int) -> Outcome:
    """``pkgci verify-connectivity``, the full matrix."""
    name = f"verify-connectivity, {len(site.hosts)} hosts"
    contender = Contender(name, (PKGCI, "verify-connectivity"), site.directory)
    results = race((contender,), turns, warm_up=True)
    budget = CONNECT_LIMIT + 3
    detail = f"one connect time-out is {CONNECT_LIMIT:.0f} s"
    return Outcome((Figure(name, results[name].seconds, "s", budget, detail),), {"connectivity": results})


def _apply(site: Site) -> str:
    """The very `puppet apply` that pkgci runs, on what pkgci delivered last."""
    words = puppet_command(site, own_tree(), run="../../bench-reports", data="../current", noop=False)
    return shlex.join(["env", "HOME=/root", "LC_ALL=C.UTF-8", *words])
