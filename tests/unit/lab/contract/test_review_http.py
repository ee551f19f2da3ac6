"""What the stand-in answers over HTTPS to somebody without a login, beside what a real Gerrit answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.lab.contract.recordings import Page, pages
from tests.unit.lab.contract.replay import HOST, Lab
from tests.unit.lab.review.serving import Answer, Web, make_key, ssh_door, web_door

# The real one was built without its pages: where it has none, the stand-in shows its own.
_OWN_PAGE = "/c/demo/a/+/3"
_CHANGES = ("/changes/3", "/changes/3/detail")
_PREFIX = ")]}'"


@dataclass(frozen=True)
class Site:
    """The lab, and the way in."""

    lab: Lab
    web: Web


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("web")
    lab = Lab(directory / "state")
    for number in (1, 2):
        lab.propose("demo/a", f"change {number}", f"I{number:040x}")
    lab.land(lab.propose("demo/b", "B one", f"I{3:040x}"))
    with web_door(lab.review, directory) as web:
        yield Site(lab, web)


@pytest.fixture
def hidden(tmp_path: Path) -> Iterator[Site]:
    """A lab that anonymous users may not read."""
    lab = Lab(tmp_path / "state", make_key(tmp_path / "key"))
    lab.propose("demo/b", "hidden", f"I{1:040x}")
    lab.set("anonymous-read", "off")
    with web_door(lab.review, tmp_path) as web:
        yield Site(lab, web)


def _kind(headers: dict[str, str]) -> str | None:
    return headers.get("Content-Type")


@pytest.mark.parametrize("page", [page for page in pages().values() if page.path != _OWN_PAGE], ids=lambda p: p.path)
def test_a_path_is_answered_as_it_was(site: Site, page: Page) -> None:
    answer = site.web.get(page.path)
    assert answer.status == page.status
    for header in ("Location", "WWW-Authenticate", "Content-Disposition", "X-Content-Type-Options"):
        if header in page.headers:
            assert answer.headers.get(header) == page.headers[header]
    if "Content-Type" in page.headers:
        assert _kind(answer.headers) == _kind(page.headers)
    recorded = [_without_values(line) for line in page.body[:2]]
    assert _beginning(answer)[: len(recorded)] == recorded


def _beginning(answer: Answer) -> list[str]:
    """The lines at the beginning of an answer; of git's, the refs' values and git's own abilities are left out."""
    return [_without_values(line) for line in answer.body.decode().splitlines()[:2]]


def _without_values(line: str) -> str:
    line = re.sub(r"^0000[0-9a-f]{4}[0-9a-f]{40} HEAD.*", "0000 HEAD", line)
    line = re.sub(r"^ include-tag.*|^003f[0-9a-f]{40}.*|^[0-9a-f]{4}[0-9a-f]{40} refs/.*", "refs", line)
    line = re.sub(r'^"3\.11\..*"', '"3.11"', line)
    # Of JSON, only the beginning was recorded, and nothing of the list of projects.
    if line.startswith("{"):
        line = re.sub(r"[0-9a-f]{40}", "HASH", line).partition('"subj')[0]
    return line


def test_the_list_of_projects_is_as_long_as_the_recorded_one(site: Site) -> None:
    page = pages()["/projects/"]
    assert str(len(site.web.get("/projects/").body)) == page.headers["Content-Length"]


@pytest.mark.parametrize("path", _CHANGES)
def test_a_change_is_told_as_json_behind_gerrits_prefix(site: Site, path: str) -> None:
    prefix, _, text = site.web.get(path).body.decode().partition("\n")
    info = json.loads(text)
    assert prefix == _PREFIX
    assert list(info)[:6] == ["id", "triplet_id", "project", "branch", "hashtags", "change_id"]
    assert (info["id"], info["status"], info["_number"]) == ("demo%2Fb~3", "MERGED", 3)
    assert ("messages" in info) == path.endswith("/detail")


def test_gits_answer_says_which_branch_is_the_head(site: Site) -> None:
    recorded = "\n".join(pages()["/demo/a/info/refs?service=git-upload-pack"].body)
    answer = site.web.get("/demo/a/info/refs?service=git-upload-pack").body.decode()
    assert "symref=HEAD:refs/heads/main" in recorded
    assert "symref=HEAD:refs/heads/main" in answer
    assert " refs/heads/main\n" in answer


def test_where_anonymous_users_may_not_read_git_is_answered_without_refs(hidden: Site) -> None:
    for path in ("/demo/b", "/p/demo/b"):
        answer = hidden.web.get(f"{path}/info/refs?service=git-upload-pack")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/x-git-upload-pack-advertisement")
        assert answer.body.startswith(b"001e# service=git-upload-pack\n0000")
        assert b"refs/heads" not in answer.body
    commit = hidden.lab.review.repository("demo/b").resolve("refs/heads/main") or ""
    want = f"0032want {commit}\n00000009done\n".encode()
    assert b"PACK" not in hidden.web.ask("POST", "/demo/b/git-upload-pack", want).body


def test_a_private_changes_refs_are_shown_to_its_owner_only(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "state", make_key(tmp_path / "key"))
    lab.propose("demo/b", "shown", f"I{1:040x}")
    lab.propose("demo/b", "hidden", f"I{2:040x}", "%private")
    with web_door(lab.review, tmp_path) as web, ssh_door(lab.review, tmp_path, tmp_path / "key") as door:
        told = {
            user: door.git("ls-remote", f"ssh://{user}@{HOST}:29418/demo/b", user=user).stdout
            for user in ("alice", "zuul")
        }
        told["nobody"] = web.get("/demo/b/info/refs?service=git-upload-pack").body.decode()
    assert {user: "refs/changes/02/2/1" in text for user, text in told.items()} == {
        "alice": True,
        "zuul": False,
        "nobody": False,
    }
    assert all("refs/changes/01/1/1" in text and "refs/meta/config" not in text for text in told.values())


def test_where_anonymous_users_may_not_read_there_is_no_change_and_no_project(hidden: Site) -> None:
    assert hidden.web.get("/changes/1").status == 404
    assert hidden.web.get("/c/demo/b/+/1").status == 404
    assert b"hidden" not in hidden.web.get("/").body
    assert json.loads(hidden.web.get("/projects/").body.partition(b"\n")[2]) == {}


def test_over_ssh_zuul_still_reads_what_anonymous_users_may_not(hidden: Site, tmp_path: Path) -> None:
    with ssh_door(hidden.lab.review, tmp_path, tmp_path / "key") as door:
        told = door.git("ls-remote", f"ssh://zuul@{HOST}:29418/demo/b", user="zuul").stdout
    assert "refs/heads/main" in told


def test_people_find_a_page_that_says_what_it_is(site: Site) -> None:
    assert pages()[_OWN_PAGE].status == 404
    answer = site.web.get("/c/demo/b/+/3")
    assert answer.status == 200
    assert b"pkgci's stand-in for Gerrit, not Gerrit" in answer.body


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/accounts/self", {}),
        ("GET", "/changes/?q=status:open", {}),
        ("GET", "/config/server/info", {}),
        ("GET", "/a/projects/", {"Authorization": "Basic YTpi"}),
        ("POST", "/changes/3/submit", {}),
    ],
)
def test_what_the_stand_in_does_not_answer_it_refuses_in_its_name(
    site: Site, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = site.web.ask(method, path, headers=headers)
    assert answer.status == 501
    assert b"pkgci's stand-in for Gerrit cannot do this" in answer.body
