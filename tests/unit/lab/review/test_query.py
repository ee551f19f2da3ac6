"""``gerrit query`` and the other commands: what they find, show and refuse."""

import json

import pytest

from pkgci.lab.stand_ins.review.commands import Answer, answer, split_words
from pkgci.lab.stand_ins.review.model import RefusedError
from pkgci.lab.stand_ins.review.reviewing import Deed, parse_review
from tests.unit.lab.review.conftest import Bench


def run(bench: Bench, command: str, user: str = "alice") -> Answer:
    return answer(bench.review, user, split_words(command))


def ask(bench: Bench, command: str, user: str = "alice") -> str:
    done = run(bench, command, user)
    assert (done.err, done.status) == ("", 0)
    return done.out


def numbers(bench: Bench, search: str) -> list[int]:
    lines = [json.loads(line) for line in ask(bench, f"query --format json {search}").splitlines()]
    assert lines[-1]["type"] == "stats"
    assert lines[-1]["rowCount"] == len(lines) - 1
    return sorted(line["number"] for line in lines[:-1])


@pytest.fixture
def three(bench: Bench) -> Bench:
    """Three changes: one merged, one that depends on nothing, one on top of it."""
    one = bench.change("one")
    bench.approve(one)
    bench.submit(one)
    two = bench.change("two")
    bench.change("three", on=two.current.revision)
    bench.review.set_topic("alice", two, "spring")
    return bench


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("2", [2]),
        ("change:2", [2]),
        (f"change:I{2:040x}", [2]),
        (f"I{2:040x}", [2]),
        (f"message:I{2:040x}", [2]),
        ("'message:\"change two\"'", [2]),
        ("'message:{Change t}'", [2, 3]),
        ("status:open", [2, 3]),
        ("is:merged", [1]),
        ("-status:open", [1]),
        ("status:open -is:wip", [2, 3]),
        ("is:private", []),
        ("NOT status:open", [1]),
        ("project:packaging/hello status:open", [2, 3]),
        ("project:other", []),
        ("branch:main topic:spring", [2]),
        ("owner:alice", [1, 2, 3]),
        ("owner:bob", []),
        ("'(1 OR 2) status:open'", [2]),
        ("1 OR 3", [1, 3]),
        ("label:Verified=+2", [1]),
        ("status:open limit:1", [3]),
        ("9", []),
    ],
)
def test_searches_find_what_they_say(three: Bench, search: str, found: list[int]) -> None:
    # All happened within one second or so: the last updated one is the topic's, or else the newest.
    if "limit" in search:
        assert len(numbers(three, search)) == 1
    else:
        assert numbers(three, search) == found


def test_a_long_answer_is_fetched_piece_by_piece(three: Bench) -> None:
    first = json.loads(ask(three, "query --format json owner:alice limit:2").splitlines()[-1])
    assert (first["rowCount"], first["moreChanges"]) == (2, True)
    rest = json.loads(ask(three, "query --format json owner:alice -S 2").splitlines()[-1])
    assert (rest["rowCount"], rest["moreChanges"]) == (1, False)


def test_zuul_is_told_all_that_it_asks_for(three: Bench) -> None:
    options = "--all-approvals --comments --commit-message --current-patch-set --dependencies --files --patch-sets"
    record = json.loads(ask(three, f"query --format json {options} --submit-records 2").splitlines()[0])
    assert record["commitMessage"].endswith(f"Change-Id: I{2:040x}\n")
    assert (record["open"], record["status"]) == (True, "NEW")
    assert record["currentPatchSet"]["number"] == 1
    assert [file["file"] for file in record["patchSets"][0]["files"]] == ["/COMMIT_MSG", "two"]
    assert record["neededBy"][0]["ref"] == "refs/changes/03/3/1"
    assert {label["label"]: label["status"] for label in record["submitRecords"][0]["labels"]} == {
        "Code-Review": "NEED",
        "Verified": "MAY",
        "Workflow": "MAY",
    }
    above = json.loads(ask(three, "query --format=json --dependencies 3").splitlines()[0])
    assert above["dependsOn"][0]["ref"] == "refs/changes/02/2/1"
    assert above["dependsOn"][0]["isCurrentPatchSet"] is True
    merged = json.loads(ask(three, "query --format json --current-patch-set 1").splitlines()[0])
    assert {item["type"]: item["value"] for item in merged["currentPatchSet"]["approvals"]} == {
        "Code-Review": "2",
        "Workflow": "1",
        "Verified": "2",
        "SUBM": "1",
    }


def test_people_read_the_same_as_text(three: Bench) -> None:
    text = ask(three, "query 1")
    assert text.startswith(f"change I{1:040x}\n  project: packaging/hello\n")
    assert "rowCount: 1" in text


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("query", 'Argument "QUERY" is required'),
        ("query --nope 1", '"--nope" is not a valid option'),
        ("query --format xml 1", '"xml" is not a valid value'),
        ("query file:x", "pkgci's stand-in for Gerrit cannot do this: a search with file:"),
        ("query nonsense", "pkgci's stand-in for Gerrit cannot do this: a search for 'nonsense'"),
        ("review", "is required"),
        ("review --nope 1,1", '"--nope" is not a valid option'),
        ("review --rebase 1,1", "pkgci's stand-in for Gerrit cannot do this: gerrit review --rebase"),
        ("review 1", '"1" is not a valid patch set'),
        ("review 9,1", "database error"),
        ("review 1,9", '"1,9" no such patch set'),
        ("review --project other 1,1 -m x", "project other not found"),
        ("review --label Verified 1,1", '"Verified" is not a valid value'),
        ("review 1,1 --message", 'option "--message" takes an operand'),
        ("review 1,1 --abandon --submit", "mutually exclusive"),
        ("ban-commit x", "pkgci's stand-in for Gerrit cannot do this: gerrit ban-commit"),
        ("stand-in set nothing 1", "'nothing' cannot be set: one of anonymous-read"),
    ],
)
def test_what_is_wrong_is_refused_with_the_reason(three: Bench, command: str, why: str) -> None:
    done = run(three, command)
    assert done.err.startswith("fatal: ")
    assert why in done.err
    assert done.status == 1


@pytest.mark.parametrize(
    ("search", "why"),
    [
        ("foo:bar", "Unsupported operator foo:bar"),
        ("status:lost", "Unrecognized value: lost"),
        ("'(1'", "a bracket of the search is not closed"),
    ],
)
def test_a_search_that_cannot_be_read_is_answered_with_an_error(three: Bench, search: str, why: str) -> None:
    assert json.loads(ask(three, f"query --format json {search}")) == {"type": "error", "message": why}


def test_quotes_that_do_not_match_are_refused() -> None:
    with pytest.raises(RefusedError, match="cannot be read"):
        split_words("query 'x")


def test_a_review_command_is_read_as_zuul_writes_it() -> None:
    words = split_words('review --project p --message "Build \\"ok\\"\nline two" --label Verified=2 --submit 12,3')
    request = parse_review(words[1:])
    assert (request.targets, request.votes, request.deed) == (["12,3"], {"Verified": 2}, Deed.SUBMIT)
    assert request.message == 'Build "ok"\nline two'


def test_a_review_command_votes_and_submits(three: Bench) -> None:
    ask(three, "review 2,1 --code-review=+2 --workflow 1", "bob")
    ask(three, "review --project packaging/hello --label Verified=2 --submit 2,1", "zuul")
    assert three.review.changes[2].status == "MERGED"
    ask(three, "review 3,1 --abandon -m 'not now'", "bob")
    assert three.review.changes[3].status == "ABANDONED"


def test_the_version_says_that_it_is_a_stand_in(bench: Bench) -> None:
    assert ask(bench, "version") == "gerrit version 3.11.0 (pkgci stand-in)\n"
    assert ask(bench, "ls-projects") == "All-Projects\nAll-Users\npackaging/hello\n"
