"""Which hosts `--rerun failed` repeats."""

import multiprocessing
from pathlib import Path

from pkgci.model.site import Site
from pkgci.puppetrun.history import remember, undone


def test_the_hosts_that_failed_are_undone_in_the_order_of_the_site(site: Site) -> None:
    remember(site, {"pub01": False, "zuul01": False, "log01": True})
    assert undone(site) == ("zuul01", "pub01")


def test_what_is_known_of_other_hosts_stays(site: Site) -> None:
    remember(site, {"pub01": False})
    remember(site, {"zuul01": True})
    assert undone(site) == ("pub01",)
    remember(site, {"pub01": True})
    assert undone(site) == ()


def test_before_the_first_run_nothing_has_failed(site: Site) -> None:
    assert undone(site) == ()


def test_a_broken_file_is_no_obstacle(site: Site) -> None:
    file = Path(site.directory / ".pkgci/bootstrap.json")
    file.parent.mkdir()
    file.write_text('{"done": [')
    assert undone(site) == ()
    remember(site, {"pub01": False})
    assert undone(site) == ("pub01",)


def _remember(site: Site, name: str) -> None:
    for _ in range(10):
        remember(site, {name: False})


def test_commands_that_end_at_once_remember_every_host(site: Site) -> None:
    context = multiprocessing.get_context("fork")
    commands = [context.Process(target=_remember, args=(site, host.name)) for host in site.hosts]
    for command in commands:
        command.start()
    for command in commands:
        command.join()
    assert undone(site) == tuple(host.name for host in site.hosts)
