"""pkgci-job as the caller of the steps' programs: what they are told, what their end means, and what of it is kept."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pkgci_steps.job import results
from pkgci_steps.job.calling import Outcome, judged
from pkgci_steps.status import Status

from tests.unit.package_steps.job.conftest import Slave

Change = Callable[[str | None], str]
GREET = {"ZUUL_PROJECT": "packaging/greet"}


def test_a_build_gets_the_change_and_its_packages_and_results_are_kept(slave: Slave, change: Change) -> None:
    slave.step_program("pkgci-build", 0, more="cat $SOURCE/ci/build; echo '<x/>' > $RESULTS/junit.xml")
    status, said = slave.run("build", change("the source"), **GREET)
    assert status == 0, said
    assert "the source" in slave.console and "s3cret" not in slave.console
    assert {name for name in ("result.json", "junit.xml", "artifacts/a.deb") if (slave.kept / name).exists()} == {
        "result.json",
        "junit.xml",
        "artifacts/a.deb",
    }
    result = slave.result
    assert (result["status"], result["reason"], result["node"]) == ("passed", "so it is", "build01")
    assert result["lintian"] == 3 and result["uploaded"][-1] == {"name": "artifacts/a.deb", "size": 2}


@pytest.mark.parametrize(("step", "program"), [("install", "pkgci-install-test"), ("repotest", "pkgci-repotest")])
def test_what_tests_published_packages_fetches_nothing(slave: Slave, step: str, program: str) -> None:
    slave.step_program(program, 0)
    status, said = slave.run(step, **GREET)
    assert status == 0 and "fetching" not in said and "SOURCE=" not in said


@pytest.mark.parametrize(
    ("step", "pipeline", "program", "account"),
    [
        ("publish", "check", "pkgci-publish-review", "pkgci-review"),
        ("publish", "gate", "pkgci-publish-review", "pkgci-gate"),
        ("publish", "republish", "pkgci-publish-review", "pkgci-gate"),
        ("promote", "promote", "pkgci-promote", "publisher"),
    ],
)
def test_what_publishes_runs_as_the_account_whose_repository_it_is(
    slave: Slave, step: str, pipeline: str, program: str, account: str
) -> None:
    slave.step_program(program, 0, more="stat -c %a $RESULTS")
    status, said = slave.run(step, ZUUL_URL="", **{**GREET, "ZUUL_PIPELINE": pipeline})
    assert status == 0, said
    assert f"sudo: -n -u {account} {slave.workspace.parent}/bin/{program}\n" in said
    assert f"RESULTS={slave.workspace.parent}/shared/job-" in said and "\n777\n" in said and "CHANGE=12" in said
    assert list((slave.workspace.parent / "shared").iterdir()) == []
    assert (slave.kept / "artifacts/a.deb").exists()


def test_a_fault_of_infrastructure_is_tried_once_more_and_says_so(slave: Slave) -> None:
    slave.step_program("pkgci-repotest", 3, "infrastructure")
    status, said = slave.run("repotest", **GREET)
    assert status == 3 and said.count("it runs as") == 2
    assert "infrastructure: so it is" in said and "trying once more" in said


def test_what_goes_well_the_second_time_passes(slave: Slave) -> None:
    once = slave.workspace / "once"
    slave.step_program("pkgci-repotest", 0, more=f"test -e {once} || {{ touch {once}; exit 3; }}")
    assert slave.run("repotest", **GREET)[0] == 0


def test_a_package_at_fault_is_not_tried_again(slave: Slave) -> None:
    slave.step_program("pkgci-repotest", 1, "failed")
    status, said = slave.run("repotest", **GREET)
    assert status == 1 and said.count("it runs as") == 1


def test_a_skipped_step_is_no_pass(slave: Slave) -> None:
    slave.step_program("pkgci-repotest", 4, "skipped")
    assert slave.run("repotest", **GREET)[0] == 4


def test_a_project_that_the_site_does_not_have_is_refused(slave: Slave) -> None:
    status, said = slave.run("repotest", ZUUL_PROJECT="packaging/other")
    assert status == 2 and "no project 'packaging/other'" in said


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (1, None),  # sudo's way to say no
        (1, {"status": "passed"}),
        (0, {}),
        (-9, {"status": "passed"}),
        (127, None),
        (77, {"status": "passed"}),
    ],
)
def test_a_status_without_a_result_that_says_the_same_is_not_the_packages_fault(
    status: int, document: dict[str, str] | None
) -> None:
    assert judged("pkgci-x", status, document).status is Status.INFRASTRUCTURE


def test_a_wrong_use_needs_no_result() -> None:
    assert judged("pkgci-x", 2, None) == Outcome(Status.MISUSED, "pkgci-x was called wrongly: its log says why")


def test_too_much_is_left_out_by_name_packages_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "SIZE_LIMIT", 100)
    folder, upload = tmp_path / "results", tmp_path / "upload"
    for name, size in (("journal/boot.txt", 90), ("a.deb", 5), ("big.deb", 50), ("log.txt", 1), ("result.json", 1)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x" * size)
    kept = results.collect(folder, {"files": [{"name": "a.deb"}, {"name": "big.deb"}]}, upload)
    assert [file["name"] for file in kept.files] == ["journal/boot.txt", "artifacts/a.deb"]
    assert kept.left_out == ["big.deb"] and not (upload / "result.json").exists()


@pytest.mark.parametrize(
    "name",
    [
        "greet-1.0^git20240101-1~c5.2.x86_64.rpm",
        "greet-1.0~rc1-1.src.rpm",
        "greet_1%3a1.0~rc1-1_amd64.deb",
        "getty@.service",
        "libstdc++6_14-1_amd64.deb",
    ],
)
def test_every_package_goes_to_the_log_server_whatever_its_version_looks_like(tmp_path: Path, name: str) -> None:
    folder, upload = tmp_path / "results", tmp_path / "upload"
    folder.mkdir()
    (folder / name).write_text("x")
    kept = results.collect(folder, {"files": [{"name": name}]}, upload)
    assert (kept.files, kept.left_out) == ([{"name": f"artifacts/{name}", "size": 1}], [])


def test_neither_links_nor_strange_names_are_kept_and_the_names_are_told(tmp_path: Path) -> None:
    folder, upload = tmp_path / "results", tmp_path / "upload"
    folder.mkdir()
    (folder / "link").symlink_to("/etc/passwd")
    (folder / ".hidden").write_text("x")
    (folder / "a\nb").write_text("x")
    (folder / os.fsdecode(b"J\xfcrgen")).write_text("x")
    (folder / "result.json").write_text(json.dumps({"files": ["x", {"name": "../../etc"}, {}]}))
    kept = results.collect(folder, results.read_result(folder), upload)
    assert kept.files == []
    assert sorted(kept.left_out) == [".hidden", "J\\udcfcrgen", "a\\nb"]


def test_a_link_that_takes_a_results_place_is_not_followed_and_what_grows_has_an_end(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("key")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="Too many levels"):
        results._copy(tmp_path / "link", tmp_path / "sent", 10)
    assert not (tmp_path / "sent").exists()
    assert results._copy(Path("/dev/zero"), tmp_path / "endless", 10) == 10
