"""``python -m tests.bench``: measures, shows the figures, and writes ``bench-results.md`` and its JSON."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

import click

from pkgci.model.load import load_site
from pkgci.model.site import Site
from tests.bench import build, deploy, local, plan, push, repository, tools, whole
from tests.bench.race import BenchError, Contender, race, run
from tests.bench.report import Figure, Outcome, terminal, write
from tests.bench.sites import CHECKOUT, WORK, make_lab_site


@click.command()
@click.option("--hosts", type=click.IntRange(6, 60), default=6, show_default=True, help="How many hosts the lab has.")
@click.option("--turns", type=click.IntRange(1, 50), default=3, show_default=True, help="How often each is measured.")
@click.option("--keep", is_flag=True, help="Leave the lab up, for the next bench of as many hosts.")
@click.option("--local", "only_local", is_flag=True, help="Only what needs no hosts.")
def main(hosts: int, turns: int, keep: bool, only_local: bool) -> None:
    """Measure the budgets of the design, each beside a peer that does the same work in the same run."""
    outcomes = [
        _said("start", local.start(turns)),
        _said("render", local.render(turns)),
        _said("plan", plan.plan(turns)),
    ]
    if not only_local:
        outcomes += _with_lab(hosts, turns, keep)
    settings = f"medians of {turns} turns, {hosts} hosts in containers on the same machine"
    if not only_local:
        settings += f", peers: {tools.versions()}, OpenSSH's own client"
    write(outcomes, settings, CHECKOUT)
    click.echo("The figures are in bench-results.md and bench-results.json.", err=True)


def _with_lab(hosts: int, turns: int, keep: bool) -> list[Outcome]:
    site, begun = _lab(hosts)
    peers = tools.Tools(site, WORK / "bench-files")
    try:
        tools.install()
        peers.write()
        push.write_payload(site, peers.folder / "payload")
        return [
            _said("lab", begun),
            _said("connectivity", deploy.connectivity(site, turns)),
            _said("bootstrap", deploy.bootstrap(site, peers, turns)),
            _said("push", push.push(site, peers, turns)),
            _said("build", build.build(site, peers, turns)),
            _said("whole", whole.whole(site, turns)),
            _said("repository", repository.publish(site, peers, turns)),
        ]
    finally:
        shutil.rmtree(peers.folder, ignore_errors=True)
        if not keep:
            run(Contender("lab down", (local.PKGCI, "lab", "down"), site.directory))
            shutil.rmtree(site.directory)


def _lab(hosts: int) -> tuple[Site, Outcome]:
    """A lab with bootstrapped hosts, and how long it took where it was not up already."""
    folder = make_lab_site(hosts)
    was_up = (
        subprocess.run((local.PKGCI, "lab", "status"), cwd=folder, capture_output=True, check=False).returncode == 0
    )
    started = time.monotonic()
    steps = (("lab", "up"), ("secrets", "init"), ("bootstrap",), ("verify-connectivity",))
    results = {}
    for words in steps:
        name = " ".join(words)
        click.echo(f"… pkgci {name}", err=True)
        results.update(race((Contender(name, (local.PKGCI, *words), folder),), 1))
    seconds = time.monotonic() - started
    detail = ", ".join(f"{name} {result.seconds:.0f} s" for name, result in results.items())
    figure = Figure(f"lab up, bootstrapped and proven, {hosts} hosts", seconds, "s", 480, detail)
    return load_site(folder / "site.yaml"), Outcome(() if was_up else (figure,), {"lab": results})


def _said(name: str, outcome: Outcome) -> Outcome:
    click.echo(terminal([outcome]), nl=False)
    return outcome


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except BenchError as error:
        sys.exit(str(error))
    except click.ClickException as error:
        error.show()
        sys.exit(2)
