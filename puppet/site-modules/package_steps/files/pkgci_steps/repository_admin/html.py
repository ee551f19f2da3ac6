"""The page itself: HTML without anything from elsewhere, everything that is not our own escaped. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from .description import Description, Listing
from .instructions import apt_commands, apt_renewal, apt_source, dnf_commands, dnf_renewal, dnf_repository

_SOURCES = ("source", "src")
_STYLE = """\
body { font-family: sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; line-height: 1.5; color: #222; }
pre { background: #f4f4f4; padding: .8em; overflow-x: auto; }
code { overflow-wrap: anywhere; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .2em 1em .2em 0; border-bottom: 1px solid #ddd; vertical-align: top; }
.note { background: #fff4d6; padding: .8em; }
"""


def page(description: Description) -> str:
    """index.html of a repository."""
    return "\n".join(_page(description)) + "\n"


def _page(description: Description) -> Iterator[str]:
    title = f"Packages of {description.site}"
    if not description.is_released:
        title += f", not released: {description.name.replace('/', ' ')}"
    yield "<!DOCTYPE html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(title)}</title>"
    yield f"<style>\n{_STYLE}</style></head><body>"
    yield f"<h1>{escape(title)}</h1>"
    if not description.is_released:
        yield from _warning(description)
    yield f"<p>As of {description.made:%Y-%m-%d %H:%M} UTC.</p>"
    yield '<h2 id="packages">What is here</h2>'
    yield from _table(description.listings)
    yield '<h2 id="use">How to use it</h2>'
    yield "<p>As root, on the machine that is to have the packages.</p>"
    for listing in description.listings:
        yield from _instructions(description, listing)
    yield '<h2 id="trust">What to trust</h2>'
    yield from _trust(description)
    yield "</body></html>"


def _warning(description: Description) -> Iterator[str]:
    yield '<div class="note"><p>Somebody proposed these packages. They may do anything, and they go again.'
    yield f'For machines that are yours to lose. The <a href="{escape(description.url)}">released packages</a>'
    yield "are what people have agreed on.</p>"
    if description.changes:
        yield f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in description.changes)}</ul>"
    yield "</div>"


def _table(listings: tuple[Listing, ...]) -> Iterator[str]:
    """A row a package, a column a target: the versions there."""
    rows: dict[str, list[dict[str, None]]] = {}
    for column, listing in enumerate(listings):
        for package in listing.packages:
            if package.architecture not in _SOURCES:
                versions = rows.setdefault(package.name, [{} for _ in listings])
                versions[column][package.version] = None
    if not rows:
        yield "<p>Nothing yet.</p>"
        return
    yield f"<table><tr><th>package</th>{''.join(f'<th>{escape(listing.target)}</th>' for listing in listings)}</tr>"
    for name in sorted(rows):
        cells = "".join(f"<td>{'<br>'.join(map(escape, versions))}</td>" for versions in rows[name])
        yield f"<tr><td>{escape(name)}</td>{cells}</tr>"
    yield "</table>"


def _instructions(description: Description, listing: Listing) -> Iterator[str]:
    """Commands to paste, and the file that they fetch, to read."""
    binaries = (package for package in listing.packages if package.architecture not in _SOURCES)
    names = sorted(package.name for package in binaries if package.is_for_people)
    # What people paste into a shell is a word, whoever wrote it.
    example = next((name for name in names if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+_-]*", name)), "PACKAGE")
    yield f'<h3 id="{escape(listing.target)}">{escape(listing.target)}</h3>'
    if listing.kind == "deb":
        yield _pre(apt_commands(description, listing.target, example))
        yield _pre([apt_source(description, listing.target).rstrip()])
    else:
        yield _pre(dnf_commands(description, listing.target, example))
        yield _pre([dnf_repository(description, listing.target).rstrip()])


def _trust(description: Description) -> Iterator[str]:
    key = description.keys[description.key]
    yield "<p>These pages can tell you what you want to hear: compare what they say of the two with what you know from"
    yield "the people of this site.</p>"
    yield f'<p>The packages and their lists are signed with <a href="{escape(description.url)}keys/'
    yield f'{description.key}.asc">this key</a>. Its fingerprint:</p>'
    yield _pre([spaced(key.fingerprint)])
    if key.signing:
        yield "<p>It signs with a part of it, and dnf asks about that. The parts, the newest first:</p>"
        yield _pre(spaced(fingerprint) for fingerprint in key.signing)
    yield "<p>That part is renewed from time to time. A machine that does not take new packages any more because of"
    yield "their signature fetches the key again:</p>"
    kinds = {listing.kind for listing in description.listings}
    if "deb" in kinds:
        yield _pre(apt_renewal(description))
    if "rpm" in kinds:
        yield _pre(dnf_renewal(description))
    yield f'<p>This web server has its certificate from <a href="{escape(description.authority_url)}">the site\'s own'
    yield "authority</a>, which no browser knows. Its SHA-256 fingerprint:</p>"
    yield _pre([description.authority_fingerprint])


def spaced(fingerprint: str) -> str:
    """A fingerprint in groups of four, as gpg shows it."""
    groups = [fingerprint[index : index + 4] for index in range(0, len(fingerprint), 4)]
    return f"{' '.join(groups[: len(groups) // 2])}  {' '.join(groups[len(groups) // 2 :])}"


def _pre(lines: Iterable[str]) -> str:
    return f"<pre>{escape(chr(10).join(lines))}</pre>"
