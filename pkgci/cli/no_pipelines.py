"""What the commands about pipelines say of a site whose Zuul has no Gerrit to listen to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pkgci.cli.say import say
from pkgci.errors import ExitStatus

if TYPE_CHECKING:
    from pkgci.model.site import Site


def tell_no_pipelines(site: Site, as_json: bool) -> int:
    """Says that there is nothing to do, and why. Such a site has no projects: that is checked before."""
    why = "the site names no Gerrit"
    if as_json:
        from pkgci.cli.screen import print_json

        print_json({"site": site.name, "skipped": why})
    else:
        say(f"nothing to do: {why}", err=True)
    return ExitStatus.AS_DECLARED
