"""``pkgci render-hiera``, as its users run it: with pkgci's own templates on the examples."""

import json
import re
from pathlib import Path

import pytest
import yaml

from pkgci.assets import asset
from pkgci.cli.main import run

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", sorted(path.parent.name for path in asset("examples").glob("*/site.yaml")))
def test_every_example_renders_for_every_host(name: str, capsys: Capture) -> None:
    assert run(["render-hiera", "--json", "--site", str(asset("examples") / name / "site.yaml")]) == 0
    rendered = json.loads(capsys.readouterr().out)
    site = yaml.safe_load((asset("examples") / name / "site.yaml").read_text())
    assert list(rendered) == list(site["hosts"])
    assert all("hiera.yaml" in files for files in rendered.values())


def test_rendering_twice_gives_the_same_bytes(capsys: Capture) -> None:
    texts = []
    for _ in range(2):
        assert run(["render-hiera", "--site", str(asset("examples") / "openstack/site.yaml")]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]


def test_output_writes_one_folder_for_each_host(tmp_path: Path) -> None:
    site = str(asset("examples") / "openstack/site.yaml")
    assert run(["render-hiera", "--site", site, "--role", "zuul", "--output", str(tmp_path / "review")]) == 0
    assert [path.name for path in (tmp_path / "review").iterdir()] == ["zuul01"]
    assert (tmp_path / "review/zuul01/data/common.yaml").is_file()


def test_a_secret_reads_as_its_name_and_only_on_the_hosts_that_get_it(capsys: Capture) -> None:
    run(["render-hiera", "--json", "--site", str(asset("examples") / "openstack/site.yaml")])
    rendered = json.loads(capsys.readouterr().out)
    holders = {
        secret: {host for host, files in rendered.items() if secret in json.dumps(files)}
        for secret in set(re.findall(r"<secret [^>]+>", json.dumps(rendered)))
    }
    assert holders["<secret zuul/gerrit_ssh_key>"] == {"zuul01"}
    assert holders["<secret jenkins_master/admin_password>"] == {"jenkins01"}
    assert holders["<secret tls/pub01>"] == {"pub01"}
    assert "<secret tls/ca>" not in holders


def test_a_role_that_no_host_has_is_an_error(capsys: Capture) -> None:
    site = str(asset("examples") / "openstack/site.yaml")
    assert run(["render-hiera", "--site", site, "--role", "monitoring"]) == 2
    assert "no host" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named_without_a_traceback(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").write_text("")
    site = str(asset("examples") / "openstack/site.yaml")
    assert run(["render-hiera", "--site", site, "--output", str(tmp_path / "file/review")]) == 2
    assert "Not a directory" in capsys.readouterr().err
