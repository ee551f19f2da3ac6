"""Which files are generated, and from what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tools.manual import catalogue, exits, markdown, roff, sitefile, steps
from tools.manual import puppet as manifests
from tools.manual.commands import all_pages

ROOT = Path(__file__).resolve().parents[2]
REFERENCE, MAN = "docs/reference", "man"

# File in docs/reference → what makes its text.
_REFERENCE: dict[str, Callable[[], str]] = {
    "commands.md": lambda: markdown.commands(all_pages()),
    "exit-statuses.md": exits.page,
    "site-file.md": sitefile.page,
    "roles.md": catalogue.roles,
    "flows.md": catalogue.flows,
    "steps.md": steps.page,
    "puppet.md": manifests.page,
}


def outputs() -> dict[str, str]:
    """Path → text of everything that is generated."""
    made = {f"{REFERENCE}/{name}": make() for name, make in _REFERENCE.items()}
    made |= {f"{MAN}/man1/{page.file}.1": roff.man_page(page) for page in all_pages()}
    made[f"{MAN}/man5/pkgci-site.5"] = roff.site_page(sitefile.sections())
    return made | manifests.metadata()


def existing() -> set[str]:
    """The man pages that there are: one of a command that is gone has to go."""
    return {str(file.relative_to(ROOT)) for file in (ROOT / MAN).rglob("*.[15]")}
