"""``pkgci render-hiera``: each host's Hiera data, to be reviewed before it is pushed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pkgci.cli.options import connection_options, hosts_options, json_option, site_option
from pkgci.cli.outputs import output_folder_option
from pkgci.cli.say import say, say_exactly
from pkgci.errors import ExitStatus, UsageError
from pkgci.model.plural import counted

if TYPE_CHECKING:
    from pkgci.model.selection import Selection
    from pkgci.model.site import Host, Site
    from pkgci.render.hiera import HieraData, Source


@click.command(
    epilog="Examples: pkgci render-hiera --role zuul, pkgci render-hiera --output review, "
    "pkgci render-hiera --host zuul01 --diff"
)
@site_option
@hosts_options
@output_folder_option("--output", help="Write the files below this folder.")
@click.option("--diff", is_flag=True, help="Show how the data differs from what is on the hosts now (over SSH).")
@click.option("--reveal", is_flag=True, help="Show secrets. Without it they read <secret NAME>.")
@json_option
@connection_options
def command(
    site_file: Path,
    selection: Selection,
    output: Path | None,
    diff: bool,
    reveal: bool,
    as_json: bool,
    parallel: int,
    accept_new_host_keys: bool,
) -> int:
    """Show each host's Hiera data, in the order of lookup: the first file that has a key wins.

    In the folder of an earlier run, the files of hosts and roles that the site no longer has are removed; other files
    stay.
    """
    from pkgci.foreign.tree import renderer_of
    from pkgci.model.load import load_site
    from pkgci.render.hiera import Placeholders

    if diff and (reveal or output):
        raise UsageError("--diff goes with neither --reveal nor --output", "secrets are never part of a diff")
    site = load_site(site_file)
    selected = selection.of(site)
    if diff:
        from pkgci.cli.hiera_diff import show_differences

        return show_differences(site, selected, _store(site), as_json, parallel, accept_new_host_keys)
    renderer = renderer_of(site)
    made = (site.directory / "secrets" / "secrets.eyaml").exists()
    # Before `pkgci secrets init`, a review shows placeholders for the public halves of keys too.
    source = _store(site) if reveal else Placeholders(_store(site) if made else None)
    rendered = (renderer.render(host, source) for host in selected)
    if output is not None:
        written = tuple(rendered)
        _write(site, selected, written, output, reveal)
        return _print_json(written) if as_json else ExitStatus.AS_DECLARED
    if as_json:
        return _print_json(rendered)
    for data in rendered:
        say_exactly(_text(data), nl=False)
    return ExitStatus.AS_DECLARED


def _store(site: Site) -> Source:
    from pkgci.secrets.store import SecretStore

    return SecretStore.open(site.directory / "secrets")


def _text(data: HieraData) -> str:
    return "".join(f"{_heading(data.host, name)}\n{text.rstrip()}\n\n" for name, text in data.files.items())


def _heading(host: Host, name: str) -> str:
    return f"# ── {host.name}: {name} ".ljust(80, "─")


def _write(site: Site, selected: tuple[Host, ...], rendered: Iterable[HieraData], folder: Path, reveal: bool) -> None:
    from pkgci.outputs import write_folder
    from pkgci.render.earlier import earlier_files

    files = {f"{data.host.name}/{name}": text for data in rendered for name, text in data.files.items()}
    stale = write_folder(folder, files, earlier_files(folder, site, selected), 0o600 if reveal else None)
    removed = f", {stale} stale removed" if stale else ""
    hosts = counted(len(selected), "host")
    say(f"{counted(len(files), 'file')} for {hosts} written below {folder}{removed}", err=True)


def _print_json(rendered: Iterable[HieraData]) -> int:
    import yaml

    from pkgci.cli.screen import print_json

    print_json({data.host.name: {n: yaml.safe_load(text) for n, text in data.files.items()} for data in rendered})
    return ExitStatus.AS_DECLARED
