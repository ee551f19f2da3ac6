"""What somebody left on a host does not steer a run, and a run that did nothing is not good."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pkgci.model.site import Site
from pkgci.puppetrun.plan import ROOT, Tree, puppet_command
from pkgci.puppetrun.report import Pending, Report, parse_report
from pkgci.puppetrun.untouched import left_undone

GOOD = Report(
    noop=False, completed=True, total=9, changed=0, failed=0, skipped=0, evaluated=2, pending=0, corrective=0,
    seconds={}, slowest=(), failures=(), changes=(), waiting=(),
)  # fmt: skip
WAITING = tuple(Pending(f"File[/{name}]", ()) for name in "abcde")


def test_a_run_that_found_everything_as_declared_is_good() -> None:
    assert left_undone(GOOD, noop=False) is None
    assert left_undone(replace(GOOD, skipped=1), noop=False) is None


def test_a_run_that_skipped_everything_is_not_even_as_noop() -> None:
    for noop in (True, False):
        problem = left_undone(replace(GOOD, skipped=9, evaluated=0), noop=noop)
        assert problem is not None and "skipped every resource (9)" in problem[0]


def test_a_catalog_without_resources_has_skipped_none() -> None:
    assert left_undone(replace(GOOD, total=7, evaluated=0), noop=False) is None


def test_a_run_that_turned_out_noop_is_not_good_unless_it_was_asked_for() -> None:
    noop = replace(GOOD, noop=True, pending=2, waiting=WAITING[:2])
    assert left_undone(noop, noop=True) is None
    problem = left_undone(noop, noop=False)
    assert problem is not None and "noop" in problem[0] and "site file" in problem[1]


def test_resources_that_noop_left_alone_are_named() -> None:
    problem = left_undone(replace(GOOD, pending=5, waiting=WAITING), noop=False)
    assert problem is not None
    assert "5 resources" in problem[0] and "File[/a], File[/b], File[/c] and 2 more" in problem[0]


PUPPET_CONF = "[main]\nnoop = true\ntags = nothing\nenvironment = elsewhere\nroute_file = /nonexistent/routes.yaml\n"


@pytest.mark.skipif(shutil.which("puppet") is None, reason="needs puppet")
def test_a_puppet_conf_and_data_that_were_left_on_the_host_do_not_steer_the_run(site: Site, tmp_path: Path) -> None:
    left = tmp_path / "etc"
    left.mkdir()
    (left / "puppet.conf").write_text(PUPPET_CONF)
    data = left / "environments/production/data"
    data.mkdir(parents=True)
    (data / "common.yaml").write_text("word: left behind\n")
    (data.parent / "hiera.yaml").write_text("version: 5\n")
    code = tmp_path / "releases/d/code/manifests"
    code.mkdir(parents=True)
    content = "lookup('word', default_value => $environment)"
    (code / "site.pp").write_text(f"file {{ '{tmp_path}/made': content => {content} }}\n")
    (tmp_path / "releases/d/hiera.yaml").write_text("version: 5\n")
    (tmp_path / "runs/r").mkdir(parents=True)
    words = puppet_command(site, Tree(tmp_path), run="r", data="d", noop=False)
    command = [word.replace(ROOT, str(tmp_path)) for word in words]
    # As if the folders that Puppet looks in by itself were those with what was left.
    command[2:2] = [f"--confdir={left}", f"--environmentpath={left}/environments", f"--vardir={tmp_path}/var"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert (tmp_path / "made").read_text() == "production", done.stdout + done.stderr
    report = parse_report((tmp_path / "runs/r/report.yaml").read_text())
    assert (report.noop, report.skipped, report.evaluated, report.changed) == (False, 0, 1, 1)
    assert left_undone(report, noop=False) is None


def test_a_site_that_names_an_environment_finds_it_where_the_host_has_it(site: Site) -> None:
    named = replace(site, puppet=site.puppet.model_copy(update={"settings": {"environment": "staging"}}))
    assert not [
        word
        for word in puppet_command(named, Tree(Path("/x")), run="r", data="d", noop=False)
        if "environmentpath" in word
    ]
