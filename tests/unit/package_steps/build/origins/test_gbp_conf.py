"""debian/gbp.conf is data: what it says of branches and tags is taken, what it would run is not."""

from __future__ import annotations

import pytest
from pkgci_steps.build.origins import Wanted, gbp_conf
from pkgci_steps.build.origins.gbp import tarballs
from pkgci_steps.status import Ended, Status


def test_without_a_file_the_layout_is_git_buildpackages_own_or_dep_14s() -> None:
    layout = gbp_conf.read(None)
    assert layout.upstream_branches == ("upstream/latest", "upstream")
    assert (layout.tag("1.0"), layout.pristine_tar, layout.components) == ("upstream/1.0", None, ())


def test_later_sections_go_before_the_default() -> None:
    layout = gbp_conf.read(
        "[DEFAULT]\npristine-tar = False\nupstream-branch = up\ncomponent = ['a-b', 'c']\n"
        "[buildpackage]\npristine-tar = yes\n[import-orig]\nupstream-branch = other\n"
    )
    assert (layout.pristine_tar, layout.upstream_branches, layout.components) == (True, ("up",), ("a-b", "c"))


@pytest.mark.parametrize(
    ("option", "version", "tag"),
    [
        ("upstream/%(version)s", "1.0~rc1+ds", "upstream/1.0_rc1+ds"),
        ("v%(version)s", "1..2.lock", "v1.#.2.#lock"),
        ("v%(version)s", "1.", "v1.#"),
        ("lib-%(version%.%_)s", "1.2.3", "lib-1_2_3"),
        ("v%(version%~%-)s", "1.2~rc1", "v1.2-rc1"),
        ("r-%(hversion)s", "1.2.3", "r-1-2-3"),
    ],
)
def test_a_tag_is_what_git_buildpackage_calls_it(option: str, version: str, tag: str) -> None:
    assert gbp_conf.read(f"[DEFAULT]\nupstream-tag = {option}\n").tag(version) == tag


def test_what_would_run_a_command_is_named_and_not_looked_at() -> None:
    layout = gbp_conf.read("[DEFAULT]\nbuilder = touch /tmp/x\npostexport = reboot\n[dch]\nid-length = 7\n")
    assert layout == gbp_conf.Layout(ignored=("builder", "postexport"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("upstream-tag = v1\n", "debian/gbp.conf cannot be read: File contains no section headers"),
        ("[DEFAULT]\nupstream-branch = --upload-pack=x\n", "upstream-branch is not acceptable"),
        ("[DEFAULT]\nupstream-branch = a:refs/heads/b\n", "upstream-branch is not acceptable"),
        ("[DEFAULT]\nupstream-tree = a..b\n", "upstream-tree is not acceptable"),
        ("[DEFAULT]\ncomponent = ../x\n", "no component of a source package can be called '../x'"),
        ("[DEFAULT]\npristine-tar = perhaps\n", "pristine-tar is True or False, not 'perhaps'"),
        ("[DEFAULT]\nx = " + "x" * 70000, "more than 65536 characters"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(text: str, reason: str) -> None:
    with pytest.raises(Ended, match=reason) as caught:
        gbp_conf.read(text)
    assert caught.value.status is Status.FAILED


def test_a_tag_that_would_be_an_option_is_none() -> None:
    with pytest.raises(Ended, match="upstream-tag is not acceptable"):
        gbp_conf.read("[DEFAULT]\nupstream-tag = --%(version)s\n").tag("1.0")


@pytest.mark.parametrize(
    ("names", "compression", "chosen"),
    [
        (["greet_1.0.orig.tar.gz.delta"], "", ("greet_1.0.orig.tar.gz",)),
        (["greet_1.0.orig.tar.gz.delta", "greet_1.0.orig.tar.xz.delta"], "", ("greet_1.0.orig.tar.xz",)),
        (["greet_1.0.orig.tar.gz.delta", "greet_1.0.orig.tar.xz.delta"], "gz", ("greet_1.0.orig.tar.gz",)),
        (
            ["greet_1.0.orig-po.tar.bz2.delta", "greet_1.0.orig.tar.xz.delta"],
            "",
            ("greet_1.0.orig.tar.xz", "greet_1.0.orig-po.tar.bz2"),
        ),
        (["greet_1.0.orig-po.tar.gz.delta"], "", ()),
        (["greet_1.0.1.orig.tar.gz.delta", "greet_1.0.orig.tar.gz.id", "../greet_1.0.orig.tar.gz.delta"], "", ()),
    ],
)
def test_pristine_tar_has_one_tarball_for_each_component(
    names: list[str], compression: str, chosen: tuple[str, ...]
) -> None:
    wanted = Wanted("deb", "greet", "1.0", "greet_1.0.orig.tar.xz", "greet-1.0")
    assert tarballs(names, wanted, compression) == chosen


def test_a_package_of_format_1_takes_a_gz_only() -> None:
    wanted = Wanted("deb", "greet", "1.0", "greet_1.0.orig.tar.gz", "greet-1.0")
    both = ["greet_1.0.orig.tar.gz.delta", "greet_1.0.orig.tar.xz.delta"]
    assert tarballs(both, wanted, "xz") == ("greet_1.0.orig.tar.gz",)
    assert tarballs(both[1:], wanted, "xz") == ()
