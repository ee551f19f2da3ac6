"""Man pages, in the macros of man(7).

click-man makes some, too; it knows no groups that load their commands late, no examples, no environment and no exit
statuses, and leaves what begins a line with a dot or an apostrophe to troff.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pkgci import __version__
from tools.manual import exits
from tools.manual.commands import Page
from tools.manual.sitefile import Section

_ENVIRONMENT = {
    "PKGCI_SITE": "The site file, where --site is not given.",
    "PKGCI_GERRIT_PASSWORD": "The password that deploy-review and verify-review log in to Gerrit with.",
    "NO_COLOR": "Where set and not empty, output has no colors.",
}
_FILES = {
    "site.yaml": "The site file.",
    "secrets/": "The site's secrets, encrypted, and the key that opens them.",
    ".pkgci/": "What pkgci remembers of the site: hosts, runs, the journal of the deployment.",
}


def man_page(page: Page) -> str:
    """The man page of one command, in section 1."""
    parts = [
        f'.TH "{_plain(page.file.upper())}" "1" "" "pkgci {__version__}" "pkgci manual"',
        _section("NAME", f"{_plain(page.file)} \\- {_plain(_decapitalized(page.summary))}"),
        _section("SYNOPSIS", f".B {_plain(page.name)}\n{_plain(page.usage.removeprefix(page.name).strip())}"),
        _section("DESCRIPTION", "\n.PP\n".join(_paragraphs(page))),
    ]
    if page.options:
        parts.append(_section("OPTIONS", _list(page.options)))
    if page.commands:
        see = [(name, f"{text} See \\fB{_plain(page.file)}\\-{_plain(name)}\\fP(1).") for name, text in page.commands]
        parts.append(_section("COMMANDS", _list(see, is_roff=True)))
    if page.examples:
        examples = "\n".join(_line(example) for example in page.examples)
        parts.append(_section("EXAMPLES", f".nf\n{examples}\n.fi"))
    parts.append(_section("EXIT STATUS", _list((str(one.value), one.text) for one in exits.statuses())))
    parts.append(_section("ENVIRONMENT", _list(_ENVIRONMENT.items())))
    if page.name == "pkgci":
        parts.append(_section("FILES", _list(_FILES.items())))
        parts.append(_section("SEE ALSO", "\\fBpkgci\\-site\\fP(5)"))
    else:
        parent = page.name.rpartition(" ")[0].replace(" ", "-")
        parts.append(_section("SEE ALSO", f"\\fB{_plain(parent)}\\fP(1)"))
    return "\n".join(parts) + "\n"


def site_page(sections: Iterable[Section]) -> str:
    """The man page of the site file, in section 5."""
    parts = [
        f'.TH "PKGCI\\-SITE" "5" "" "pkgci {__version__}" "pkgci manual"',
        _section("NAME", "pkgci\\-site \\- the site file of pkgci"),
        _section("SYNOPSIS", ".I site.yaml"),
        _section("DESCRIPTION", _line("A YAML file that describes one packaging CI. Every key is listed below.")),
    ]
    for section in sections:
        body = [_line(_unlinked(section.description))] if section.description else []
        rows = [
            (key, ". ".join(part.rstrip(".") for part in (meaning, _about(kind, default)) if part) + ".")
            for key, kind, default, meaning in section.rows
        ]
        parts.append(_section(_plain(section.title.upper()), "\n".join([*body, *([_list(rows)] if rows else [])])))
    parts.append(_section("SEE ALSO", "\\fBpkgci\\fP(1), \\fBpkgci\\-validate\\fP(1)"))
    return "\n".join(parts) + "\n"


def _about(kind: str, default: str) -> str:
    said = _unlinked(kind)
    if default == "required":
        return f"Required: {said}"
    return f"{said[:1].upper()}{said[1:]}; default: {_unlinked(default)}" if default else said[:1].upper() + said[1:]


def _unlinked(text: str) -> str:
    """Markdown's ``text`` without links and the marks of code. A section's name is in capitals here."""
    return re.sub(r"\[(\w+)\]\(#[\w-]+\)", lambda link: link[1].upper(), text).replace("`", "")


def _paragraphs(page: Page) -> Iterable[str]:
    for one in page.description:
        lines = "\n".join(_line(line) for line in one.text.split("\n"))
        yield f".nf\n{lines}\n.fi" if one.verbatim else lines


def _section(title: str, body: str) -> str:
    return f'.SH "{title}"\n{body}'


def _list(rows: Iterable[tuple[str, str]], *, is_roff: bool = False) -> str:
    return "\n".join(f".TP\n\\fB{_plain(term)}\\fP\n{text if is_roff else _line(text)}" for term, text in rows)


def _line(text: str) -> str:
    """``text`` as one line of text, even where it begins like a request of troff's."""
    return re.sub(r"^([.'])", r"\\&\1", _plain(text))


def _plain(text: str) -> str:
    """``text`` with what troff reads otherwise escaped: backslashes, hyphens and quotes of code."""
    for one, other in (("\\", "\\e"), ("-", "\\-"), ("`", "\\`"), ("'", "\\(aq"), ('"', "\\(dq"), ("^", "\\(ha")):
        text = text.replace(one, other)
    return text.replace("~", "\\(ti")


def _decapitalized(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
