"""``pkgci verify-servers``: is what was delivered what was ordered?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.invocation import pasteable
from pkgci.cli.options import connection_options, hosts_options, json_option, junit_option, site_option
from pkgci.cli.outputs import Output, also, check_one_result

if TYPE_CHECKING:
    from pkgci.model.selection import Selection
    from pkgci.model.site import Site
    from pkgci.servers.judge import Finding

Findings = dict[str, "tuple[Finding, ...]"]


@click.command(
    epilog="Examples: pkgci verify-servers, pkgci verify-servers --role slave_build, "
    "pkgci verify-servers --junit servers.xml"
)
@site_option
@hosts_options
@json_option
@junit_option
@connection_options
def command(
    site_file: Path,
    selection: Selection,
    as_json: bool,
    junit: Output | None,
    parallel: int,
    accept_new_host_keys: bool,
) -> int:
    """Check the delivered servers against the order, over SSH. Nothing is installed or changed on them.

    RAM and disk may be 10 % below the order (firmware, kernel and file systems keep some). Of the ordered disk, 75 %
    must be free on a bare host, 5 % once pkgci's services are deployed. The disk is that of the file systems in which
    the roles keep their data. Clocks may differ from this machine's by 2 seconds. A slave's kernel must limit the
    memory and the processes of control groups: nothing else keeps a build to its limits.
    """
    from pkgci.cli.connect import data_of, errors_of, site_trust, status_of
    from pkgci.cli.screen import remarks
    from pkgci.model.load import load_site
    from pkgci.model.site import Host
    from pkgci.remote.fanout import each_host
    from pkgci.remote.pool import Pool
    from pkgci.remote.session import Session, open_session
    from pkgci.servers.inspect import Inspection, inspect
    from pkgci.servers.judge import Verdict, judge, judge_error

    check_one_result(junit, as_json)
    site = load_site(site_file)
    selected = selection.of(site)
    pool = Pool()
    trust = site_trust(site, accept_new_host_keys, interrupted=lambda: pool.interrupted)
    screen = remarks()

    def told(host: Host, result: object) -> None:
        if screen.is_terminal:
            screen.print(f"{host.name}: {'looked at' if isinstance(result, Inspection) else 'not looked at'}")

    def connect(host: Host) -> Session:
        return open_session(site, host, trust, pool)

    def look(host: Host) -> Inspection:
        with connect(host) as session:
            return inspect(site, session)

    results = each_host(selected, look, pool, parallel=parallel, connect=connect, done=told)
    findings: Findings = {}
    for host in selected:
        found = results[host.name]
        if isinstance(found, Inspection):
            findings[host.name] = judge(site, host, found.delivered, found.clock)
        else:
            findings[host.name] = judge_error(host, found)
    with also(junit, lambda: _junit(site, findings)) as shown:
        if shown and as_json:
            _print_json(site, findings, data_of(errors_of(results)))
        elif shown:
            _show(findings)
    if not as_json:
        for error in errors_of(results):
            if error.hint:
                screen.print(f"{error.host}: {pasteable(error.hint)}")
    return status_of(results, all(item.verdict is Verdict.OK for part in findings.values() for item in part))


def _show(findings: Findings) -> None:
    from rich.table import Table
    from rich.text import Text

    from pkgci.cli.screen import output
    from pkgci.model.plural import counted
    from pkgci.servers.judge import Verdict

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("host", "check", "ordered", "found", "verdict"):
        table.add_column(title, overflow="fold", no_wrap=title == "verdict")
    colours = {Verdict.OK: "green", Verdict.SHORT: "red", Verdict.UNKNOWN: "yellow"}
    for name, part in findings.items():
        for index, item in enumerate(part):
            verdict = Text(item.verdict, colours[item.verdict])
            table.add_row(name if index == 0 else "", item.check, item.ordered, item.found, verdict)
    screen = output()
    screen.print(table, soft_wrap=False)
    short = [name for name, part in findings.items() if any(item.verdict is not Verdict.OK for item in part)]
    count = len(findings)
    summary = f"\n{count - len(short)} of {counted(count, 'host')} as ordered"
    screen.print(summary + (f"; not: {', '.join(short)}" if short else ""), soft_wrap=False)


def _print_json(site: Site, findings: Findings, errors: dict[str, dict[str, object]]) -> None:
    from dataclasses import asdict

    from pkgci.cli.screen import print_json
    from pkgci.servers.judge import Verdict

    print_json(
        {
            "site": site.name,
            "as_ordered": all(item.verdict is Verdict.OK for part in findings.values() for item in part),
            "hosts": {name: [asdict(item) for item in part] for name, part in findings.items()},
            "errors": errors,
        }
    )


def _junit(site: Site, findings: Findings) -> str:
    from pkgci.junit import Case, junit_xml
    from pkgci.servers.judge import Verdict

    cases = [
        Case(
            name,
            item.check,
            None if item.verdict is Verdict.OK else f"{item.verdict}: ordered {item.ordered}, found {item.found}",
        )
        for name, part in findings.items()
        for item in part
    ]
    return junit_xml(f"servers of {site.name}", cases)
