"""Which hosts a command is for: --role, --host, --limit and --exclude, and how they go together."""

from __future__ import annotations

import pytest

from pkgci.errors import UsageError
from pkgci.model.selection import Selection
from pkgci.model.site import Site

ALL = ["zuul01", "jenkins01", "pub01", "log01", "build01", "install01", "systest01"]


def names(site: Site, **options: tuple[str, ...]) -> list[str]:
    return [host.name for host in Selection(**options).of(site)]


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ({}, ALL),
        ({"hosts": ("pub01", "zuul01")}, ["zuul01", "pub01"]),
        ({"roles": ("zuul",), "hosts": ("pub01",)}, ["zuul01", "pub01"]),
        ({"limit": ("build*,zuul01",)}, ["zuul01", "build01"]),
        ({"limit": ("build*", " zuul01 ,")}, ["zuul01", "build01"]),
        ({"limit": ("?u*",)}, ["zuul01", "pub01", "build01"]),
        ({"exclude": ("*1",), "limit": ("zuul01",)}, None),
        ({"exclude": ("[a-s]*",)}, ["zuul01"]),
        ({"roles": ("zuul", "publisher"), "limit": ("pub*",)}, ["pub01"]),
        ({"hosts": ("pub01", "zuul01"), "exclude": ("pub*",)}, ["zuul01"]),
        ({"roles": ("zuul",), "limit": ("pub*",)}, None),
    ],
)
def test_roles_and_hosts_are_joined_then_limited_then_less_what_is_excluded(
    site: Site, options: dict[str, tuple[str, ...]], chosen: list[str] | None
) -> None:
    if chosen is not None:
        assert names(site, **options) == chosen
        return
    with pytest.raises(UsageError) as error:
        names(site, **options)
    assert all(name in (error.value.hint or "") for name in ALL)


@pytest.mark.parametrize("option", ["limit", "exclude"])
@pytest.mark.parametrize(("pattern", "words"), [("biuld*", "'biuld*'"), ("zuul01,zul01", "did you mean 'zuul01'?")])
def test_a_pattern_that_no_host_matches_is_an_error_that_lists_the_hosts(
    site: Site, option: str, pattern: str, words: str
) -> None:
    with pytest.raises(UsageError) as error:
        names(site, **{option: (pattern,)})
    assert words in error.value.message and f"--{option}" in error.value.message
    assert all(name in (error.value.hint or "") for name in ALL)


@pytest.mark.parametrize("option", ["limit", "exclude"])
def test_an_empty_list_names_no_host(site: Site, option: str) -> None:
    with pytest.raises(UsageError, match="names no host"):
        names(site, **{option: (",",)})


def test_a_role_that_no_host_has_is_an_error_that_lists_those_they_have(site: Site) -> None:
    with pytest.raises(UsageError) as error:
        names(site, roles=("backup",))
    assert "slave_build" in (error.value.hint or "")
