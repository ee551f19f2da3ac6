"""Branches and tags that git itself pushes past the review: what git-buildpackage's layout begins with."""

from __future__ import annotations

from pathlib import Path

from tests.unit.lab.contract.replay import HOST, Lab
from tests.unit.lab.review.serving import make_key, ssh_door

_URL = f"ssh://alice@{HOST}:29418/demo/a"


def test_git_pushes_branches_and_tags_with_a_history_that_is_not_the_reviews(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "state", make_key(tmp_path / "key"), projects=("demo/a",))
    clone = tmp_path / "clone"
    with ssh_door(lab.review, tmp_path, tmp_path / "key") as door:
        for words in (
            ("init", "-q", "-b", "upstream", str(clone)),
            ("-C", str(clone), "commit", "-q", "--allow-empty", "-m", "1.0"),
            ("-C", str(clone), "tag", "-a", "-m", "x", "upstream/1.0"),
        ):
            assert door.git(*words, where=tmp_path, email="upstream@example.org").returncode == 0
        push = ("push", _URL, "upstream", "upstream/1.0", "HEAD:refs/heads/debian/latest")
        refused = door.git(*push, where=clone)
        assert (refused.returncode, "prohibited by Gerrit" in refused.stdout) == (1, True)
        lab.review.policies.set("push-right", "on", "demo/a")
        taken = door.git(*push, where=clone)
        assert (taken.returncode, "[new tag]" in taken.stdout) == (0, True), taken.stdout
        listing = door.git("ls-remote", _URL, "refs/heads/*", "refs/tags/*", where=clone).stdout
    names = {line.split("\t")[1] for line in listing.splitlines()}
    heads = {"refs/heads/main", "refs/heads/upstream", "refs/heads/debian/latest"}
    assert names == heads | {"refs/tags/upstream/1.0", "refs/tags/upstream/1.0^{}"}
