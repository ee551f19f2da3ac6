"""What a lab carries into its hosts: real servers' WARs and plugins, as files with checksums."""

from __future__ import annotations

import io
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from pkgci.errors import PkgciError, UsageError
from pkgci.lab import real_review
from pkgci.lab.bring import bring, look, plugin_of
from pkgci.lab.real_review import admit, furnish_review
from pkgci.model.load import load_site
from pkgci.model.records import read_records
from pkgci.model.site import Site
from pkgci.model.stand_ins import PLUGIN_INSTALLER
from pkgci.render.hiera import Placeholders, Renderer
from tests.unit.model.test_review import LAB_SITE
from tests.unit.puppet.conftest import MadeUp

LAB = "lab: {review: {war: wars/gerrit.war}, jenkins: {war: wars/jenkins.war, plugins: wars/plugins}}\n"
PROJECTS = "projects:\n  packaging/greet: {targets: [trixie]}\n"


def make_plugin(file: Path, name: str, version: str) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        manifest = f"Manifest-Version: 1.0\r\nShort-Name: {name}\r\nPlugin-Version: {version} (private)\r\n"
        archive.writestr("META-INF/MANIFEST.MF", manifest)


@pytest.fixture
def site(write_site: Callable[[str], Path]) -> Site:
    file = write_site(LAB_SITE.replace("projects:\n", PROJECTS) + LAB)
    folder = file.parent / "wars"
    (folder / "plugins").mkdir(parents=True)
    (file.parent / ".lab").mkdir()
    (folder / "gerrit.war").write_text("gerrit")
    (folder / "jenkins.war").write_text("jenkins")
    make_plugin(folder / "plugins/git.hpi", "git", "5.1")
    make_plugin(folder / "plugins/gearman.jpi", "gearman-plugin", "0.8.0")
    return load_site(file)


class Container:
    """A host, as the engine has it."""

    name = "a-host"

    def __init__(self) -> None:
        self.files: dict[str, tuple[int, bytes]] = {}
        self.mark = ""

    def exec_run(self, command: list[str]) -> Any:
        words = command[-1]
        if words.startswith("echo "):
            self.mark = words.split()[1]
        said = self.mark if words.startswith("cat ") else ""
        return type("Result", (), {"exit_code": 0, "output": said.encode()})()

    def put_archive(self, path: str, archive: io.BufferedIOBase) -> None:
        with tarfile.open(fileobj=archive) as tar:
            for entry in tar:
                content = tar.extractfile(entry)
                assert content is not None and (entry.uid, entry.uname) == (0, "root")
                self.files[path + entry.name] = (entry.mode, content.read())


def data(site: Site, host: str, role: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(
        Renderer(site, records=read_records(site))
        .render(site.host(host), Placeholders())
        .files[f"data/roles/{role}.yaml"]
    )
    return found


def test_the_hosts_data_names_files_that_the_lab_put_there(site: Site) -> None:
    look(site)
    container = Container()
    assert bring(site, site.host("review"), container)
    war = data(site, "review", "review")["profile::review::war"]
    assert container.files[war["url"].removeprefix("file://")] == (0o644, b"gerrit")
    assert war["sha256"] == sha256(b"gerrit").hexdigest()


def test_a_war_that_is_a_link_is_carried_as_the_file_that_it_leads_to(site: Site, tmp_path: Path) -> None:
    link = site.directory / "wars/gerrit.war"
    link.rename(tmp_path / "built.war")
    link.symlink_to(tmp_path / "built.war")
    look(site)
    container = Container()
    bring(site, site.host("review"), container)
    assert (0o644, b"gerrit") in container.files.values()


def test_jenkins_comes_from_its_war_and_its_plugins_from_the_folder(site: Site) -> None:
    look(site)
    container = Container()
    assert bring(site, site.host("jenkins01"), container)
    master = data(site, "jenkins01", "jenkins_master")
    source = master["profile::jenkins_master::source"]
    assert container.files[source["url"].removeprefix("file://")] == (0o644, b"jenkins")
    assert master["profile::jenkins_master::plugins"] == {"gearman-plugin": "0.8.0", "git": "5.1"}
    assert master["profile::jenkins_master::plugin_installer"] == PLUGIN_INSTALLER
    assert container.files[PLUGIN_INSTALLER][0] == 0o755
    assert {path for path in container.files if path.endswith(".jpi")} == {
        f"/var/lib/pkgci-lab/plugins/{name}.jpi" for name in ("git", "gearman-plugin")
    }


def test_the_brought_installer_takes_the_plugin_managers_arguments(site: Site, tmp_path: Path) -> None:
    look(site)
    container = Container()
    bring(site, site.host("jenkins01"), container)
    for path, (mode, content) in container.files.items():
        file = tmp_path / "host" / path.removeprefix("/var/lib/pkgci-lab/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)
    (tmp_path / "stage").mkdir()
    words = ["--war", "x", "--plugin-download-directory", tmp_path / "stage", "--plugin-file", "y", "--latest=false"]
    subprocess.run([tmp_path / "host/install-plugins", *words], check=True)
    assert {file.name for file in (tmp_path / "stage").iterdir()} == {"git.jpi", "gearman-plugin.jpi"}


def test_what_is_there_already_is_not_carried_again(site: Site) -> None:
    look(site)
    container = Container()
    assert bring(site, site.host("review"), container)
    assert not bring(site, site.host("review"), container)
    (site.directory / "wars/gerrit.war").write_text("another")
    assert bring(site, site.host("review"), container)


def test_a_host_gets_what_its_role_is_about_and_nothing_else(site: Site) -> None:
    assert not bring(site, site.host("zuul01"), Container())


def test_before_the_lab_has_looked_the_data_says_what_is_missing(site: Site) -> None:
    for host in ("review", "jenkins01"):
        with pytest.raises(PkgciError, match="is not known yet"):
            Renderer(site, records=read_records(site)).render(site.host(host), MadeUp())


def test_a_war_with_another_checksum_than_the_site_says_is_refused(
    site: Site, write_site: Callable[[str], Path]
) -> None:
    text = site.path.read_text().replace("gerrit.war}", f"gerrit.war, sha256: '{'0' * 64}'}}")
    with pytest.raises(UsageError, match=f"the SHA-256 of .* is {sha256(b'gerrit').hexdigest()}, .* says 0000"):
        look(load_site(write_site(text)))


def test_a_war_that_is_gone_is_told_where_it_is_needed(site: Site) -> None:
    (site.directory / "wars/gerrit.war").unlink()
    with pytest.raises(UsageError, match=r"cannot read .*gerrit\.war: No such file"):
        look(site)


def test_a_file_that_is_no_plugin_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.hpi").write_text("no")
    with pytest.raises(UsageError, match="is not a Jenkins plugin"):
        plugin_of(tmp_path / "x.hpi")


FAKE_SSH = """#!/bin/sh
# Plays a Gerrit: notes its commands, and has its repositories below $REPOSITORIES.
for last; do :; done
set -- $last
command=$last
cd "$REPOSITORIES"
case $command in
  git-*) name=$(echo "$2" | tr -d "'"); exec "$1" ".$name.git" ;;
  *ls-projects) find . -name '*.git' | sed 's|^./||; s|.git$||' ;;
  *create-project*) echo "$command" >>log; git init -q --bare "${command##* }.git" ;;
  *create-account*)
    who=${command##* }
    if grep -qx "account $who" log; then echo "fatal: username '$who' already exists" >&2; exit 1; fi
    echo "account $who" >>log ;;
  *)
    echo "$command" >>log
    case $command in *--submit*) git -C All-Projects.git update-ref refs/meta/config refs/for/refs/meta/config ;; esac
    ;;
esac
"""


@pytest.fixture
def gerrit(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a played Gerrit's repositories; `log` has the commands that it got."""
    look(site)
    program, repositories = tmp_path / "bin/ssh", tmp_path / "repositories"
    program.parent.mkdir()
    program.write_text(FAKE_SSH)
    program.chmod(0o755)
    (repositories / "packaging").mkdir(parents=True)
    (repositories / "log").touch()
    work = tmp_path / "config"
    for words in (
        ("init", "-q", "--bare", str(repositories / "All-Projects.git")),
        ("init", "-q", str(work)),
        ("-C", str(work), "config", "--file", str(work / "project.config"), "project.description", "x"),
        ("-C", str(work), "add", "."),
        ("-C", str(work), "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"),
        ("-C", str(work), "push", "-q", str(repositories / "All-Projects.git"), "HEAD:refs/meta/config"),
    ):
        subprocess.run(["git", *words], check=True)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("REPOSITORIES", str(repositories))
    return repositories


def tree(repository: Path) -> list[str]:
    words = ["git", "-C", str(repository), "ls-tree", "--name-only", "refs/heads/main"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


def test_a_real_gerrit_begins_with_the_people_and_projects_that_the_stand_in_has(site: Site, gerrit: Path) -> None:
    told: list[str] = []
    furnish_review(site, told.append)
    log = (gerrit / "log").read_text()
    assert "account alice\n" in log and "account bob\n" in log
    assert "debian" in tree(gerrit / "packaging/greet.git")
    assert "ci" in tree(gerrit / "packaging/hello.git")
    assert "made the project packaging/greet" in "\n".join(told)


def test_what_is_there_stays_as_it_is(site: Site, gerrit: Path) -> None:
    furnish_review(site, lambda _: None)
    told: list[str] = []
    furnish_review(site, told.append)
    assert told == []


def test_any_user_name_will_do_and_is_made_once(site: Site, gerrit: Path) -> None:
    for _ in range(2):
        admit(site, "carol")
    assert (gerrit / "log").read_text() == "account carol\n"
    assert (site.directory / ".lab/people").read_text() == "carol\n"


def test_gerrits_host_key_is_known_before_gerrit_is_there(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_review.SecretStore, "open", lambda folder: MadeUp())
    named = {host.name: real_review.host_key_of(site, host) for host in site.hosts}
    assert {name for name, keys in named.items() if keys} == {"review"}
    assert named["review"] == {"[review.example.org]:29418": ["ssh-ed25519 AAAAC3Nza"]}
