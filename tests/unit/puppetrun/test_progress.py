"""Progress, read from the log of a run."""

import pytest

from pkgci.puppetrun.progress import Phase, Progress, advance, resource_name

START = Progress("zuul01", Phase.COMPILING)


def test_the_log_says_which_resource_of_how_many() -> None:
    line = "Info: /Stage[main]/Profile::Base/File[/etc/motd]: Starting to evaluate the resource (5 of 216)"
    assert advance(START, line) == Progress("zuul01", Phase.APPLYING, 5, 216, "File[/etc/motd]")


def test_packages_come_before_puppet_on_a_bare_host() -> None:
    progress = advance(START, "pkgci: installing puppet-agent puppet-module-puppetlabs-stdlib")
    assert progress.phase is Phase.PACKAGES
    assert progress.resource == "puppet-agent puppet-module-puppetlabs-stdlib"
    assert advance(progress, "pkgci: compiling") == START


@pytest.mark.parametrize("line", ["", "Notice: Applied catalog in 0.10 seconds", "+  (5 of 216)"])
def test_other_lines_are_no_progress(line: str) -> None:
    assert advance(START, line) is START


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Stage[main]", "Stage[main]"),
        ("/Stage[main]/Main/Exec[/bin/false]", "Exec[/bin/false]"),
        ("/Stage[main]/Apache/Apache::Vhost[x]/File[/etc/x[1]]", "File[/etc/x[1]]"),
        ("/Schedule[puppet]", "Schedule[puppet]"),
    ],
)
def test_a_resource_is_named_without_what_contains_it(path: str, name: str) -> None:
    assert resource_name(path) == name
