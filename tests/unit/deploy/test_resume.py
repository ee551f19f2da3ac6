"""Where a deployment begins, and what its journal remembers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pkgci.deploy.fingerprint import fingerprint
from pkgci.deploy.items import NAMES
from pkgci.deploy.journal import Ended, Journal, alone, load, save
from pkgci.deploy.resume import Start, start
from pkgci.errors import PkgciError
from pkgci.model.load import load_site
from pkgci.model.site import Site
from tests.unit.conftest import SITE

NOW = "2026-11-23T04:30:00+00:00"
LATER = "2026-11-23T05:30:00+00:00"


def journal(*statuses: int, first: str = NAMES[0]) -> Journal:
    """A journal in which the first items ended with these statuses."""
    found = Journal(NOW, first, "one")
    for name, status in zip(NAMES[NAMES.index(first) :], statuses, strict=False):
        found = found.with_end(Ended(name, status, NOW, 3.0))
    return found


def names(begin: Start) -> tuple[str, ...]:
    return tuple(item.name for item in begin.items)


def test_the_first_deploy_does_all_work_items_in_order() -> None:
    assert names(start(None, "one", None, NOW)) == (
        "verify-servers",
        "bootstrap",
        "verify-connectivity",
        "deploy-review",
        "verify-review",
        "deploy-jobs",
        "deploy-pipelines",
    )


def test_after_a_failure_it_goes_on_with_what_failed() -> None:
    begin = start(journal(0, 1), "one", None, LATER)
    assert names(begin)[0] == "bootstrap"
    assert set(begin.done) == {"verify-servers"}
    assert "stopped" in begin.why
    assert begin.journal.began == NOW


def test_after_a_kill_it_goes_on_with_what_never_ended() -> None:
    assert names(start(journal(0, 0), "one", None, LATER))[0] == "verify-connectivity"
    assert names(start(journal(), "one", None, LATER)) == NAMES


def test_a_finished_deploy_begins_anew() -> None:
    assert names(start(journal(*(0 for _ in NAMES)), "one", None, LATER)) == NAMES


def test_what_was_done_of_another_site_file_is_done_again() -> None:
    begin = start(journal(0, 0, 1), "another", None, LATER)
    assert names(begin) == NAMES
    assert "has changed" in begin.why
    assert begin.done == {}


def test_a_chosen_step_is_where_it_begins_and_where_it_goes_on() -> None:
    begin = start(journal(1), "one", "bootstrap", LATER)
    assert names(begin)[0] == "bootstrap"
    stopped = begin.journal.with_end(Ended("bootstrap", 1, LATER, 9.0))
    assert names(start(stopped, "one", None, LATER))[0] == "bootstrap"


def test_a_deploy_that_began_with_a_chosen_step_is_finished_at_its_end() -> None:
    assert journal(0, 0, first="deploy-jobs").open == ()


def test_the_journal_is_read_as_it_was_written(site: Site) -> None:
    assert load(site) is None
    save(site, journal(0, 1))
    assert load(site) == journal(0, 1)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"began": "x", "first": "nosuch", "fingerprint": "", "ended": []}'])
def test_a_journal_that_makes_no_sense_is_no_journal(site: Site, text: str) -> None:
    save(site, journal(0))
    (site.directory / ".pkgci/deploy.json").write_text(text)
    assert load(site) is None


def test_two_deploys_of_a_site_do_not_run_at_once(site: Site) -> None:
    with alone(site), pytest.raises(PkgciError, match="under way"), alone(site):
        pass
    with alone(site):
        pass


def test_the_fingerprint_changes_with_every_file_that_the_site_is_made_of(write_site: Callable[[str], Path]) -> None:
    text = SITE + "jenkins: {jobs: [jobs]}\n"
    path = write_site(text)
    (path.parent / "jobs").mkdir()
    (path.parent / "jobs/first.yaml").write_text("- {}\n")
    seen = [fingerprint(load_site(path))]
    for name in ("jobs/own.yaml", "hiera/common.yaml.j2", "secrets/secrets.eyaml"):
        (path.parent / name).parent.mkdir(exist_ok=True)
        (path.parent / name).write_text("- {}\n")
        seen.append(fingerprint(load_site(path)))
    seen.append(fingerprint(load_site(write_site(text + "# a word more\n"))))
    assert len(set(seen)) == len(seen)


def test_the_fingerprint_stays_with_what_a_deploy_itself_writes(site: Site) -> None:
    before = fingerprint(site)
    (site.directory / "known_hosts").write_text("zuul01 ssh-ed25519 AAAA\n")
    save(site, journal(0))
    assert fingerprint(site) == before
