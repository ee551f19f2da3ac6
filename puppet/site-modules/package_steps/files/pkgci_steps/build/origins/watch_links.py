"""A program for a process of its own: which link of a page is the tarball of a version, as debian/watch says it.

    watch_links.py FILE

FILE is JSON: ``address`` and ``page``, its text; ``pattern``, ``version`` and ``options`` of debian/watch. The answer
is JSON too: ``url`` and ``signature`` (null where there is none), the ``versions`` that the page has, and, where the
version is one that was made of upstream's by repacking, that one in ``repacked``. It imports nothing of ours.
"""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

_HREF = re.compile(r"<a\s[^>]*?href\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """The answer. Raises ``ValueError`` and ``re.error`` for patterns that are none."""
    options = asked["options"]
    every = options.get("versionmangle", "")
    ours = mangled(options.get("dversionmangle", every), asked["version"])
    versions: dict[str, str] = {}
    for link, version in _links(asked["address"], asked["page"], asked["pattern"], options.get("searchmode", "html")):
        versions.setdefault(mangled(options.get("uversionmangle", every), version), link)
    url = versions.get(asked["version"])
    repacked = ours if url is None and ours != asked["version"] and ours in versions else None
    signature = None
    if url is not None:
        url = urljoin(asked["address"], mangled(options.get("downloadurlmangle", ""), url))
        if rules := options.get("pgpsigurlmangle"):
            signature = mangled(rules, url)
    return {"url": url, "signature": signature, "versions": sorted(versions), "repacked": repacked}


def mangled(rules: str, text: str) -> str:
    """``text`` after Perl's substitutions in ``rules``, s/…/…/ and further ones after a semicolon."""
    for rule in _rules(rules):
        pattern, replacement, flags = rule
        words = re.sub(r"\\([1-9])|\$([1-9&])|\$\{([1-9])\}", _group, replacement.replace("\\\\", "\\\\\\\\"))
        text = re.sub(
            pattern,
            lambda match, words=words: re.sub(r"\x00([0-9])", lambda part: match[int(part[1])] or "", words),
            text,
            count=0 if "g" in flags else 1,
            flags=re.IGNORECASE if "i" in flags else 0,
        )
    return text


def _group(word: re.Match[str]) -> str:
    number = word[1] or word[2] or word[3]
    return f"\x00{0 if number == '&' else number}"


def _rules(text: str) -> Iterator[tuple[str, str, str]]:
    text = text.strip()
    while text:
        if text[0] != "s" or len(text) < 2 or text[1].isalnum() or text[1].isspace():
            raise ValueError(f"{text[:60]!a} is no substitution as in s/A/B/")
        end = {"{": "}", "(": ")", "[": "]", "<": ">"}.get(text[1])
        if end:
            parts = re.match(
                rf"s{re.escape(text[1])}(.*?){re.escape(end)}\s*{re.escape(text[1])}(.*?){re.escape(end)}([a-z]*)", text
            )
        else:
            mark = re.escape(text[1])
            parts = re.match(rf"s{mark}((?:\\.|(?!{mark}).)*){mark}((?:\\.|(?!{mark}).)*){mark}([a-z]*)", text)
        if not parts:
            raise ValueError(f"{text[:60]!a} is no substitution as in s/A/B/")
        yield parts[1], parts[2], parts[3]
        text = text[parts.end() :].lstrip("; \t")


def _links(address: str, page: str, pattern: str, mode: str) -> Iterator[tuple[str, str]]:
    """Each link that is a tarball, and the version in it."""
    if mode == "plain":
        for match in re.finditer(pattern, page):
            yield match[0], _version(match)
        return
    parts = urlsplit(address)
    folder = parts.path.rpartition("/")[0] + "/"
    start = f"(?:(?:{re.escape(f'{parts.scheme}://{parts.netloc}')})?{re.escape(folder)})?"
    for words in _HREF.findall(page):
        link = html.unescape("".join(words)).strip()
        found = re.fullmatch(f"{start}{pattern}", link) or re.fullmatch(f"{start}{pattern}", unquote(link))
        if found:
            yield urljoin(address, link), _version(found)


def _version(match: re.Match[str]) -> str:
    return ".".join(group for group in match.groups() if group)


if __name__ == "__main__":
    try:
        print(json.dumps(answer(json.loads(Path(sys.argv[1]).read_text()))))
    except (ValueError, re.error, IndexError) as error:
        sys.exit(f"debian/watch: {error}")
