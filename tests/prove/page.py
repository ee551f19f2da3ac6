"""The page of results: each test, its verdict and its time, and which servers it ran against. Pure."""

from __future__ import annotations

import html
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

VERDICTS = ("passed", "failed", "not run")


@dataclass(frozen=True)
class Case:
    """One test. ``why`` is what it said where it did not pass."""

    group: str
    name: str
    verdict: str
    seconds: float
    why: str = ""


@dataclass(frozen=True)
class Results:
    """All of a run. ``servers``: Gerrit, Jenkins → what it was, in words."""

    servers: Mapping[str, str]
    begun: str
    cases: tuple[Case, ...]

    @property
    def sum(self) -> str:
        counts = Counter(case.verdict for case in self.cases)
        return ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]) or "nothing ran"


def cases(junit: str) -> tuple[Case, ...]:
    """The tests in a JUnit report of pytest's."""
    return tuple(_case(item) for item in ElementTree.fromstring(junit).iter("testcase"))


def _case(item: ElementTree.Element) -> Case:
    group = item.get("classname", "").rpartition(".")[2].removeprefix("test_")
    name = item.get("name", "").removeprefix("test_").replace("_", " ")
    seconds = float(item.get("time", "0"))
    for tag in ("failure", "error"):
        if (found := item.find(tag)) is not None:
            return Case(group, name, "failed", seconds, (found.get("message") or "").strip())
    if (found := item.find("skipped")) is not None:
        return Case(group, name, "not run", seconds, (found.get("message") or "").strip())
    return Case(group, name, "passed", seconds)


def markdown(results: Results) -> str:
    """The page as Markdown."""
    lines = ["# pkgci on real servers", "", f"{results.begun}: {results.sum}.", ""]
    lines += [f"- {name}: {what}" for name, what in results.servers.items()]
    for group in _groups(results.cases):
        lines += ["", f"## {group}", "", "| test | verdict | time |", "|---|---|---|"]
        for case in (case for case in results.cases if case.group == group):
            why = f": {_cell(case.why)}" if case.why else ""
            lines.append(f"| {_cell(case.name)} | {case.verdict}{why} | {case.seconds:.0f} s |")
    return "\n".join(lines) + "\n"


def page(results: Results) -> str:
    """The page as HTML."""
    rows = []
    for group in _groups(results.cases):
        rows.append(f'<tr><th colspan="3">{html.escape(group)}</th></tr>')
        for case in (case for case in results.cases if case.group == group):
            why = f"<br><small>{html.escape(_short(case.why))}</small>" if case.why else ""
            kind = case.verdict.replace(" ", "-")
            rows.append(
                f'<tr class="{kind}"><td>{html.escape(case.name)}{why}</td><td>{case.verdict}</td>'
                f"<td>{case.seconds:.0f} s</td></tr>"
            )
    servers = "".join(f"<li>{html.escape(name)}: {html.escape(what)}</li>" for name, what in results.servers.items())
    style = "body{font:1rem sans-serif}td,th{padding:.2em .8em;text-align:left}.failed{color:#b00}.not-run{color:#777}"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>pkgci on real servers</title>'
        f"<style>{style}</style><h1>pkgci on real servers</h1><p>{html.escape(results.begun)}: {results.sum}.</p>"
        f"<ul>{servers}</ul><table>{''.join(rows)}</table></html>\n"
    )


def _groups(found: Iterable[Case]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(case.group for case in found))


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 300 else f"{words[:299]}…"


def _cell(text: str) -> str:
    return _short(text).replace("|", "\\|")
