"""Who in a build's chroot has the network: what fetches, as long as nothing but the distribution's has run there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from pkgci_steps.build import sbuild

OFFLINE = Path(sbuild.__file__).with_name("offline.pl")
# sbuild in a few lines: what would run in the chroot is printed, with whether it would have the network.
SBUILD = {
    "ChrootUnshare": """
sub new { return bless {}, shift }
sub _get_exec_argv { my ($self, $folder, $user, $nonet) = @_; return $nonet ? 'alone' : 'networked' }
sub run_command {
    my ($self, $options) = @_;
    print join(' ', $self->_get_exec_argv('/', 'root', 0), @{ $options->{COMMAND} }), "\\n";
    $? = $main::status;
}
""",
    "ResolverBase": """
sub new { return bless { Session => Sbuild::ChrootUnshare->new }, shift }
sub get { my ($self, $name) = @_; return $self->{$name} }
sub log_error { print "error: $_[1]" }
sub update { $_[0]->get('Session')->run_command({ COMMAND => ['apt-get', 'update'] }) }
sub run_apt {
    my ($self, $mode, $new, $gone, $action, @packages) = @_;
    $self->get('Session')->run_command({ COMMAND => ['apt-get', $mode, $action, @packages] });
    return !$main::fails;
}
""",
    "Build": """
sub new { return bless {}, shift }
sub run_external_commands { Sbuild::ChrootUnshare->new->run_command({ COMMAND => [$_[1]] }); return 1 }
""",
}
RUN = """
our ($status, $fails) = (0, 0);
require $ARGV[0];
my ($build, $resolver) = (Sbuild::Build->new, Sbuild::ResolverBase->new);
"""


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    if not shutil.which("perl"):
        pytest.skip("perl is not here")
    (tmp_path / "Sbuild").mkdir()
    for name, text in SBUILD.items():
        (tmp_path / f"Sbuild/{name}.pm").write_text(f"package Sbuild::{name};\nuse strict; use warnings;\n{text}\n1;\n")
    return tmp_path


def said(modules: Path, script: str) -> list[str]:
    done = subprocess.run(
        ["perl", f"-I{modules}", "-e", RUN + script, OFFLINE], capture_output=True, text=True, check=False
    )
    return [line for line in (done.stdout + done.stderr).splitlines() if line]


def test_everything_is_fetched_before_anything_is_installed_and_then_nothing_has_the_network(modules: Path) -> None:
    lines = said(
        modules,
        "$build->run_external_commands('chroot-setup-commands'); $resolver->update;"
        "$resolver->run_apt('-yf', [], [], 'install', $_) for ('main', 'fakeroot');"
        "$resolver->update; $build->run_external_commands('chroot-setup-commands');",
    )
    assert [line for line in lines if "/proc/net/dev" not in line] == [
        "networked chroot-setup-commands",
        "networked apt-get update",
        "networked apt-get -yf install --download-only main",
        "alone apt-get -yf install main",
        "alone apt-get -yf install fakeroot",
        "alone apt-get update",
        "alone chroot-setup-commands",
    ]


def test_nothing_but_the_first_commands_has_the_network_before(modules: Path) -> None:
    assert said(modules, "$build->run_external_commands('starting-build-commands');") == [
        "alone starting-build-commands"
    ]


def test_a_chroot_that_has_a_network_all_the_same_gets_no_package(modules: Path) -> None:
    lines = said(modules, "$status = 256; print $resolver->run_apt('-yf', [], [], 'install', 'main');")
    assert not any(line.endswith("-yf install main") for line in lines)
    assert any("the chroot has a network, and nothing is installed in it" in line for line in lines)


def test_what_cannot_be_fetched_is_not_installed_either(modules: Path) -> None:
    lines = said(modules, "$fails = 1; $resolver->run_apt('-yf', [], [], 'install', 'main');")
    assert lines == ["networked apt-get -yf install --download-only main"]


def test_an_sbuild_without_these_functions_builds_nothing(modules: Path) -> None:
    (modules / "Sbuild/ResolverBase.pm").write_text("package Sbuild::ResolverBase;\n1;\n")
    assert any("this sbuild has no Sbuild::ResolverBase::update" in line for line in said(modules, ""))
