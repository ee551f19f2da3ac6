"""Which hosts of a site a command is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pkgci.errors import UsageError
from pkgci.model.words import nearest

if TYPE_CHECKING:
    from pkgci.model.site import Host, Site


@dataclass(frozen=True)
class Selection:
    """The hosts that have one of ``roles`` or are called like one of ``hosts``, or all where neither is given; of
    these, those that match one of ``limit``, where it is given; less those that match one of ``exclude``.

    ``limit`` and ``exclude`` are lists of names and globs, as in ``build*,zuul01``.
    """

    roles: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    limit: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def of(self, site: Site) -> tuple[Host, ...]:
        """The hosts, in the site's order.

        Raises ``UsageError`` for a role, host or pattern that nothing has, and where no host is left.
        """
        named = site.select(self.roles, self.hosts)
        limits, excluded = tuple(_patterns(self.limit)), tuple(_patterns(self.exclude))
        names = [host.name for host in site.hosts]
        for option, patterns in (("--limit", limits), ("--exclude", excluded)):
            for pattern in patterns:
                if not _matching(names, (pattern,)):
                    raise UsageError(
                        f"{option}: no host of {site.path} matches '{pattern}'{nearest(pattern, names)}", _hosts(names)
                    )
            if getattr(self, option.removeprefix("--")) and not patterns:
                raise UsageError(f"{option} names no host", _hosts(names))
        kept = _matching([host.name for host in named], limits) if limits else {host.name for host in named}
        kept -= _matching(names, excluded)
        if not kept:
            raise UsageError("no host is left of those that were chosen", _hosts(names))
        return tuple(host for host in named if host.name in kept)


def _patterns(lists: tuple[str, ...]) -> Iterator[str]:
    for one in lists:
        yield from (pattern for part in one.split(",") if (pattern := part.strip()))


def _matching(names: list[str], patterns: tuple[str, ...]) -> set[str]:
    return {name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)}


def _hosts(names: list[str]) -> str:
    return f"hosts: {', '.join(names)}"
