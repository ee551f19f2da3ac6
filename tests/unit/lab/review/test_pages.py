"""The pages: everything that came from somebody is escaped, and addresses are links."""

import pytest

from pkgci.lab.stand_ins.review.model import RefusedError
from pkgci.lab.stand_ins.review.pages import change_page, changes_page, linked
from tests.unit.lab.review.conftest import Bench

HONEST = "pkgci's stand-in for Gerrit, not Gerrit"


def test_every_page_says_what_it_is(bench: Bench) -> None:
    bench.change()
    assert HONEST in changes_page(bench.review, "status:open")
    assert HONEST in change_page(bench.review, bench.review.changes[1])


def test_a_page_shows_votes_files_and_messages_and_what_is_missing(bench: Bench) -> None:
    change = bench.change()
    bench.review.vote("bob", change, change.current, {"Code-Review": 2}, "see https://log.test/1/ https://ci.test/2/.")
    page = change_page(bench.review, bench.review.changes[1])
    assert "+2 bob" in page
    assert '<a href="https://log.test/1/" rel="nofollow noreferrer">' in page
    assert '<a href="https://ci.test/2/" rel="nofollow noreferrer">https://ci.test/2/</a>.' in page
    assert "submit requirement &#39;Verified&#39; is unsatisfied." in page
    assert "git fetch https://review.test/packaging/hello refs/changes/01/1/1" in page


def test_markup_in_what_people_write_is_text(bench: Bench) -> None:
    change = bench.change("<script>alert(1)</script>".replace("/", ""))
    bench.review.vote("bob", change, change.current, {}, '<img src=x onerror="x"> https://x.test/"><b>')
    page = change_page(bench.review, bench.review.changes[1]) + changes_page(bench.review, "owner:alice")
    assert "<script>" not in page
    assert "<img" not in page
    assert "<b>" not in page


def test_only_web_addresses_become_links() -> None:
    assert linked("javascript:alert(1) file:///etc") == "javascript:alert(1) file:///etc"
    assert str(linked("(https://a.test/x).")) == (
        '(<a href="https://a.test/x" rel="nofollow noreferrer">https://a.test/x</a>).'
    )


def test_a_wrong_search_is_refused(bench: Bench) -> None:
    with pytest.raises(RefusedError, match="Unsupported operator"):
        changes_page(bench.review, "foo:<b>")
