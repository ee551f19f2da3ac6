"""The Debian package, and the plugin manager in it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pkgci.lab.stand_ins.jenkins.package import package
from pkgci.lab.stand_ins.jenkins.program.plugin_cli import main
from pkgci.lab.stand_ins.jenkins.program.plugins import Plugin, installed


def test_the_package_has_the_real_ones_name_and_says_what_it_is() -> None:
    made = package("2.568.2")
    assert made.file_name == "jenkins_2.568.2_all.deb"
    assert "Version: 2.568.2\n" in made.control
    assert "stand-in for Jenkins, not Jenkins" in made.control
    assert made.files["usr/lib/jenkins-stand-in/jenkins_stand_in/version"] == (0o644, b"2.568.2\n")


def test_the_program_needs_nothing_of_pkgci(tmp_path: Path) -> None:
    for path, (mode, content) in package("2.568.2").files.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)
        assert b"import pkgci" not in content
        assert b"from pkgci" not in content
    modules = sorted((tmp_path / "usr/lib/jenkins-stand-in/jenkins_stand_in").rglob("*.py"))
    assert len(modules) > 30
    assert (tmp_path / "usr/lib/jenkins-stand-in/jenkins_stand_in/web/templates/style.css").is_file()


def test_the_unit_is_the_real_ones() -> None:
    unit = package("2.568.2").files["usr/lib/systemd/system/jenkins.service"][1].decode()
    for line in ("Type=notify", "User=jenkins", 'Environment="JENKINS_HOME=/var/lib/jenkins"'):
        assert line in unit.splitlines()


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")
def test_dpkg_builds_it(tmp_path: Path) -> None:
    made = package("2.568.2")
    for path, (mode, content) in made.tree.items():
        file = tmp_path / "tree" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)
    built = tmp_path / made.file_name
    command = ["dpkg-deb", "--root-owner-group", "--build", tmp_path / "tree", built]
    subprocess.run(command, check=True, capture_output=True)
    fields = subprocess.run(["dpkg-deb", "--field", built], check=True, capture_output=True, text=True).stdout
    assert "Package: jenkins\n" in fields


def test_plugins_are_installed_as_their_list_says(tmp_path: Path) -> None:
    war, listed, folder = tmp_path / "jenkins.war", tmp_path / "plugins.txt", tmp_path / "plugins"
    war.touch()
    listed.write_text("# a comment\ngit:5.10.1\n\nmatrix-auth:3.3 # why\n")
    arguments = ["--war", war, "--plugin-download-directory", folder, "--plugin-file", listed, "--latest=false"]
    assert main([str(argument) for argument in arguments]) == 0
    assert list(installed(tmp_path)) == [Plugin("git", "5.10.1"), Plugin("matrix-auth", "3.3")]


@pytest.mark.parametrize("line", ["git", "git:latest", "git:1:2:3:4", "git 1.0", "a:1\na:2"])
def test_a_list_that_the_real_one_would_not_pin_is_refused(
    tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "plugins.txt"
    listed.write_text(f"{line}\n")
    assert main(["-d", str(tmp_path / "plugins"), "-f", str(listed)]) == 1
    assert "plugins.txt:" in capsys.readouterr().err
    assert not (tmp_path / "plugins").exists()


def test_an_option_that_the_real_one_does_not_have_is_refused(tmp_path: Path) -> None:
    for arguments in (["--pluginfile", "x"], ["--plugin-fil", "x"], ["--latest=maybe"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
