"""The options that name where to write, in every command that has one."""

import importlib
import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from pkgci.cli import outputs
from pkgci.cli.main import COMMANDS, run
from pkgci.connectivity import run as connectivity
from pkgci.remote import fanout
from pkgci.remote.errors import HostError
from tests.unit.conftest import SITE

Write = Callable[[str], Path]
Capture = pytest.CaptureFixture[str]
# Commands that write one text: where to, and how the text begins.
TEXTS = {
    ("order-servers", "--output"): "# ",
    ("order-servers", "--dns", "--output"): "; ",
    ("verify-servers", "--junit"): "<?xml",
    ("verify-connectivity", "--junit"): "<?xml",
}
RENDERING = ("render-hiera", "render-jobs", "render-pipelines")


@pytest.fixture(autouse=True)
def out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """No host answers, and nothing is tried from here."""

    def nothing(hosts: tuple[object, ...], *_: object, **__: object) -> dict[str, HostError]:
        return {host.name: HostError(host.name, "is not there") for host in hosts}

    monkeypatch.setattr(fanout, "each_host", nothing)
    monkeypatch.setattr(connectivity, "_PROBE_LIMIT", 0.1)


@pytest.fixture
def site_file(write_site: Write) -> str:
    return str(write_site(SITE))


def options() -> Iterator[tuple[str, click.Option]]:
    for name in COMMANDS:
        command = importlib.import_module(f"pkgci.cli.{name.replace('-', '_')}").command
        for one in command.commands.values() if isinstance(command, click.Group) else (command,):
            yield from ((name, option) for option in one.params if isinstance(option, click.Option))


def test_every_option_that_names_where_to_write_is_of_the_one_kind() -> None:
    kinds = {(name, option.opts[0]): option.callback for name, option in options()}
    writing = {key: kind for key, kind in kinds.items() if key[1] in ("--output", "--junit")}
    assert set(writing.values()) == {outputs._file, outputs._folder}
    elsewhere = {("verify-review", "--junit")}  # it needs a Gerrit: see the tests of that command
    rendering = {(name, "--output") for name in RENDERING}
    assert {(call[0], call[-1]) for call in TEXTS} | rendering | elsewhere == set(writing)


@pytest.mark.parametrize("call", TEXTS, ids=" ".join)
def test_a_text_goes_to_what_is_there(call: tuple[str, ...], site_file: str, tmp_path: Path, capfd: Capture) -> None:
    start = TEXTS[call]
    file, link, device = (tmp_path / name for name in ("file", "link", "device"))
    file.write_text("old")
    file.chmod(0o600)
    link.symlink_to("file")
    device.symlink_to("/dev/null")
    for target in (link, device, "/dev/null", "/dev/stdout", "-"):
        assert run([*call, str(target), "--site", site_file]) in (0, 1, 3), target
        if str(target) not in ("/dev/stdout", "-"):
            assert start not in capfd.readouterr().out.splitlines()[:1], target
    assert file.read_text().startswith(start)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert link.is_symlink()
    assert device.is_symlink()
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert capfd.readouterr().out.count(start) >= 2
    assert not Path("-").exists()


@pytest.mark.parametrize("call", TEXTS, ids=" ".join)
def test_a_text_on_standard_output_is_all_that_is_there(call: tuple[str, ...], site_file: str, capfd: Capture) -> None:
    run([*call, "-", "--site", site_file])
    assert capfd.readouterr().out.startswith(TEXTS[call])


@pytest.mark.parametrize("call", TEXTS, ids=" ".join)
@pytest.mark.parametrize("target", [".", "", "/dev/full"])
def test_what_cannot_be_written_to_is_a_fault_of_the_command_line(
    call: tuple[str, ...], target: str, site_file: str, capfd: Capture
) -> None:
    assert run([*call, target, "--site", site_file]) == 2
    err = capfd.readouterr().err
    assert call[-1] in err or target in err


@pytest.mark.parametrize("call", TEXTS, ids=" ".join)
@pytest.mark.parametrize("end", ["/", "/.", "/.."])
def test_what_is_named_as_a_directory_becomes_no_file(
    call: tuple[str, ...], end: str, site_file: str, tmp_path: Path, capfd: Capture
) -> None:
    assert run([*call, f"{tmp_path}/new{end}", "--site", site_file]) == 2
    assert "directory" in capfd.readouterr().err and not (tmp_path / "new").exists()


@pytest.mark.parametrize("call", TEXTS, ids=" ".join)
def test_no_text_takes_the_place_of_the_site_file(
    call: tuple[str, ...], site_file: str, tmp_path: Path, capfd: Capture
) -> None:
    link = tmp_path / "link"
    link.symlink_to(site_file)
    before = Path(site_file).read_text()
    assert run([*call, str(link), "--site", site_file]) == 2
    assert "site file" in capfd.readouterr().err and Path(site_file).read_text() == before


@pytest.mark.parametrize("command", ["verify-servers", "verify-connectivity"])
def test_two_results_do_not_share_standard_output(command: str, site_file: str, capfd: Capture) -> None:
    assert run([command, "--json", "--junit", "-", "--site", site_file]) == 2
    assert "cannot be combined" in capfd.readouterr().err


@pytest.mark.parametrize("command", ["verify-servers", "verify-connectivity"])
def test_a_report_that_cannot_be_written_costs_nobody_the_result(command: str, site_file: str, capfd: Capture) -> None:
    assert run([command, "--json", "--junit", "/dev/full", "--site", site_file]) == 2
    assert json.loads(capfd.readouterr().out)["site"] == "test"


def test_a_result_that_cannot_be_shown_costs_nobody_the_report(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"), outputs.also(outputs.Output(tmp_path / "report"), lambda: "text"):
        raise OSError("gone")
    assert (tmp_path / "report").read_text() == "text"


@pytest.mark.parametrize("command", RENDERING)
def test_a_folder_is_not_standard_output_and_no_file(command: str, site_file: str, capfd: Capture) -> None:
    for target in ("-", "", site_file):
        assert run([command, "--output", target, "--site", site_file]) == 2
        assert "--output" in capfd.readouterr().err


def listed(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("command", RENDERING)
def test_a_folder_has_what_one_run_makes_whatever_another_made_before(
    command: str, write_site: Write, tmp_path: Path, capfd: Capture
) -> None:
    folder, fresh = tmp_path / "folder", tmp_path / "fresh"
    (tmp_path / "own.yaml").write_text("includes: [{python-file: own.py}]\n")
    (tmp_path / "own.py").write_text("def own(item, job, params):\n    pass\n")
    host = "  install02: {role: slave_install, address: 10.20.0.99}\n"
    project = "  packaging/more: {targets: [trixie]}\n"
    more = SITE.replace("gerrit:", f"{host}gerrit:") + project + "zuul: {layouts: [own.yaml]}\n"
    assert run([command, "--output", str(folder), "--site", str(write_site(more))]) == 0
    first = listed(folder)
    others = [folder / "README", folder / "zuul01/notes.yaml", folder / "mine.py", folder / "other/hiera.yaml"]
    for file in others:
        file.parent.mkdir(exist_ok=True)
        file.write_text("# mine\n")
    site = str(write_site(SITE))
    capfd.readouterr()
    assert run([command, "--output", str(folder), "--site", site]) == 0
    assert "stale removed" in capfd.readouterr().err
    assert run([command, "--output", str(fresh), "--site", site]) == 0
    mine = {str(file.relative_to(folder)) for file in others} | {"other", "zuul01"}
    assert listed(folder) - mine == listed(fresh) - mine
    assert mine <= listed(folder)
    assert first - listed(folder)


def test_a_run_for_one_host_leaves_the_others_data(write_site: Write, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    site = str(write_site(SITE))
    assert run(["render-hiera", "--output", str(folder), "--site", site]) == 0
    before = listed(folder)
    assert run(["render-hiera", "--output", str(folder), "--host", "zuul01", "--site", site]) == 0
    assert listed(folder) == before


def test_the_data_of_a_role_goes_with_the_role(write_site: Write, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    assert run(["render-hiera", "--output", str(folder), "--site", str(write_site(SITE))]) == 0
    assert (folder / "log01/data/roles/monitoring.yaml").exists()
    site = str(write_site(SITE.replace("[log_server, monitoring]", "[log_server]")))
    assert run(["render-hiera", "--output", str(folder), "--site", site]) == 0
    assert not (folder / "log01/data/roles/monitoring.yaml").exists()
    assert (folder / "log01/data/roles/log_server.yaml").exists()


def test_a_hiera_file_that_names_what_is_elsewhere_makes_nothing_go(write_site: Write, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    site = str(write_site(SITE))
    assert run(["render-hiera", "--output", str(folder), "--site", site]) == 0
    (tmp_path / "precious").write_text("precious")
    gone = folder / "gone01/hiera.yaml"
    (gone.parent / "data").mkdir(parents=True)
    head = (folder / "zuul01/hiera.yaml").read_text().splitlines()[0].replace("zuul01", "gone01")
    paths = ["../../../precious", str(tmp_path / "precious"), 7]
    gone.write_text(f"{head}\n{json.dumps({'version': 5, 'hierarchy': [{'name': 'x', 'paths': paths}]})}\n")
    assert run(["render-hiera", "--output", str(folder), "--site", site]) == 0
    assert not gone.exists()
    assert (tmp_path / "precious").exists()


def test_revealed_data_is_for_its_owner_also_in_a_folder_that_was_for_all(site_file: str, tmp_path: Path) -> None:
    assert run(["secrets", "init", "--site", site_file]) == 0
    folder = tmp_path / "folder"
    for words in ((), ("--reveal",)):
        assert run(["render-hiera", "--output", str(folder), *words, "--site", site_file]) == 0
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()} == {0o600}
