"""A run as people and machines read it: the matrix as a grid, every surprise as one line, JSON, JUnit cases. Pure."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pkgci.connectivity.judge import Result, State, Verdict
from pkgci.connectivity.matrix import Expectation, Kind, NameCheck, PortCheck, Vantage
from pkgci.junit import Case
from pkgci.model.flows import Port
from pkgci.model.plural import counted

# A line of text in pieces, each with its style (rich's names; empty for none).
Line = tuple[tuple[str, str], ...]

_LABEL_WIDTH = 14
_CLOSED = "·"
_MARKS = {State.SURPRISE: ("X", "bold red"), State.UNPROVEN: ("?", "bold yellow"), State.WARNING: ("!", "yellow")}
# The worst of several verdicts is the one that a cell shows.
_SEVERITY = {State.AS_DECLARED: 0, State.WARNING: 1, State.UNPROVEN: 2, State.SURPRISE: 3}


def letters(ports: Sequence[Port]) -> dict[Port, str]:
    """A letter for each port: the first of its name that no other port has."""
    taken: dict[Port, str] = {}
    for port in ports:
        free = [letter for letter in port.name if letter.isalnum() and letter not in taken.values()]
        taken[port] = free[0] if free else "*"
    return taken


def grid(result: Result, width: int) -> Iterator[Line]:
    """The matrix: vantages down, hosts across, one letter for each port; in as many blocks as ``width`` needs.

    Ports that nobody may reach, and nobody does, have no place in the cells: the legend names them.
    """
    matrix = result.matrix
    ports = _shown_ports(result)
    signs = letters(ports)
    cells = _cells(result)
    targets = list(matrix.targets)
    numbers = {name: str(index) for index, name in enumerate(targets, 1)}
    labels = {vantage: _label(vantage, numbers) for vantage in matrix.vantages}
    cell = max(len(ports), len(numbers[targets[-1]])) + 1
    edge = max(map(len, labels.values())) + 1
    fits = max(1, (width - edge - len("dns")) // cell)
    for start in range(0, len(targets), fits):
        block = targets[start : start + fits]
        last = start + fits >= len(targets)
        heading = "".join(f"{numbers[name]:<{cell}}" for name in block)
        yield ((" " * edge + heading + ("dns" if last else ""), "bold"),)
        for vantage in matrix.vantages:
            pieces: list[tuple[str, str]] = [(f"{labels[vantage]:<{edge}}", "")]
            for name in block:
                pieces += _cell(cells.get((vantage, name), []), ports, signs, cell)
            yield (*pieces, _names(result.verdicts, vantage)) if last else tuple(pieces)
        yield ()
    yield from _legend(signs, [port for port in matrix.ports if port not in signs], width)


def _shown_ports(result: Result) -> list[Port]:
    """The ports that are open to somebody, or of which there is more to tell than what their vantage's row tells."""
    telling = set()
    for verdict in result.verdicts:
        check = verdict.check
        if isinstance(check, PortCheck) and check.port not in telling:
            told = verdict.state is State.AS_DECLARED or check.vantage in result.vantages.failed
            if check.expected is Expectation.OPEN or not told:
                telling.add(check.port)
    return [port for port in result.matrix.ports if port in telling]


def _label(vantage: Vantage, numbers: dict[str, str]) -> str:
    width = len(str(len(numbers)))
    number = numbers[vantage.name] if vantage.kind is Kind.HOST else ""
    name = vantage.name if len(vantage.name) <= _LABEL_WIDTH else f"{vantage.name[: _LABEL_WIDTH - 1]}…"
    return f"{number:>{width}} {name}"


def _cells(result: Result) -> dict[tuple[Vantage, str], list[Verdict]]:
    cells: dict[tuple[Vantage, str], list[Verdict]] = {}
    for verdict in result.verdicts:
        if isinstance(verdict.check, PortCheck):
            cells.setdefault((verdict.check.vantage, verdict.check.target), []).append(verdict)
    return cells


def _cell(
    verdicts: Sequence[Verdict], ports: Sequence[Port], signs: dict[Port, str], width: int
) -> Iterator[tuple[str, str]]:
    """One cell: for each port its letter (open), a dot (closed), or the mark of what is not as declared."""
    if not verdicts:
        yield f"{'–' * (width - 1)} ", "dim"
        return
    for port in ports:
        here = [verdict for verdict in verdicts if isinstance(verdict.check, PortCheck) and verdict.check.port is port]
        if not here:
            yield " ", ""
            continue
        worst = max(here, key=lambda verdict: _SEVERITY[verdict.state])
        if worst.state in _MARKS:
            yield _MARKS[worst.state]
        elif isinstance(worst.check, PortCheck) and worst.check.expected is Expectation.OPEN:
            yield signs[port], "green"
        else:
            yield _CLOSED, "dim"
    yield " " * (width - len(ports)), ""


def _names(verdicts: Iterable[Verdict], vantage: Vantage) -> tuple[str, str]:
    """The cell that sums up the names that ``vantage`` resolves."""
    states = [v.state for v in verdicts if isinstance(v.check, NameCheck) and v.check.vantage == vantage]
    if not states:
        return "–", "dim"
    worst = max(states, key=lambda state: _SEVERITY[state])
    return _MARKS.get(worst, ("ok", "green"))


def _legend(signs: dict[Port, str], hidden: Sequence[Port], width: int) -> Iterator[Line]:
    ports = ", ".join(f"{letter}={port.name}" for port, letter in signs.items())
    marks = f"A letter is open, {_CLOSED} closed, as declared; X surprise, ? unproven, ! warning."
    if hidden:
        marks += f" Open to nobody: {', '.join(port.name for port in hidden)}."
    for line in textwrap.wrap(f"Rows: from. Columns: to. {ports}. {marks}", width):
        yield ((line, "dim"),)


def place(verdict: Verdict) -> str:
    """From where to where: ``build01 → zuul01:4730 (gearman)``."""
    return f"{verdict.check.vantage.name} → {_target(verdict)}"


def _target(verdict: Verdict) -> str:
    check = verdict.check
    if isinstance(check, NameCheck):
        return f"{check.fqdn} (dns)"
    # Brackets as in a URL, and the address where the host has another one too.
    target = check.target if ":" not in check.address else f"{check.target}[{check.address}]"
    return f"{target}:{check.port_number} ({check.port.name})"


def declared(verdict: Verdict) -> str:
    """What the site declares of the check."""
    check = verdict.check
    return check.expected.value if isinstance(check, PortCheck) else f"one of {', '.join(check.declared)}"


def sentence(verdict: Verdict) -> str:
    """One surprise: from where to where, what was expected, what was found, why it matters and what to type next."""
    return f"{verdict.check.vantage.name} → {_finding(verdict)}"


def _finding(verdict: Verdict) -> str:
    expected = f"declared {declared(verdict)}, found " if isinstance(verdict.check, PortCheck) else ""
    words = f"{_target(verdict)}: {expected}{verdict.found}"
    return f"{words}. {_capital(verdict.advice)}" if verdict.advice else words


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def surprises(result: Result) -> Iterator[tuple[State, str]]:
    """Every surprise, those from several places that are the same as one line; what is unproven; warnings last."""
    yield from _together(result, State.SURPRISE)
    unproven: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in result.verdicts:
        if verdict.state is State.UNPROVEN:
            alone = verdict.check.vantage in result.vantages.failed
            where = verdict.check.vantage.name if alone else f"→ {verdict.check.target}"
            unproven.setdefault((where, verdict.found), []).append(verdict)
    for (where, found), verdicts in unproven.items():
        if len(verdicts) == 1:
            yield State.UNPROVEN, sentence(verdicts[0])
        else:
            yield State.UNPROVEN, f"{where}: {found} ({len(verdicts)} checks unproven). {_capital(verdicts[0].advice)}"
    yield from _together(result, State.WARNING)


def _together(result: Result, state: State) -> Iterator[tuple[State, str]]:
    """The findings of one state: who finds the same of the same port stands on one line."""
    findings: dict[str, list[str]] = {}
    for verdict in result.verdicts:
        if verdict.state is state:
            findings.setdefault(_finding(verdict), []).append(verdict.check.vantage.name)
    for finding, vantages in findings.items():
        yield state, f"{', '.join(vantages)} → {finding}"


def summary(result: Result) -> str:
    """The last line: how many checks came to what."""
    counts = Counter(verdict.state for verdict in result.verdicts)
    ports = sum(isinstance(verdict.check, PortCheck) for verdict in result.verdicts)
    names = len(result.verdicts) - ports
    tried = f"{counted(ports, 'connection')} and {counted(names, 'name')}"
    checks = f"{tried} from {counted(len(result.matrix.vantages), 'place')} in {result.seconds:.1f} s"
    wrong = [f"{counts[state]} {words}" for state, words in _WORDS.items() if counts[state]]
    return f"{checks}: {', '.join(wrong) or 'all as declared'}"


_WORDS = {State.SURPRISE: "not as declared", State.UNPROVEN: "unproven", State.WARNING: "with a warning"}


def as_data(result: Result) -> dict[str, Any]:
    """Every verdict, for machines."""
    return {
        "as_declared": not any(verdict.wrong for verdict in result.verdicts),
        "seconds": round(result.seconds, 2),
        "vantages": [
            {"name": vantage.name, "kind": vantage.kind.value, "problem": _problem(result, vantage)}
            for vantage in result.matrix.vantages
        ],
        "verdicts": [_verdict(verdict) for verdict in result.verdicts],
    }


def _problem(result: Result, vantage: Vantage) -> str | None:
    failure = result.vantages.failed.get(vantage)
    return None if failure is None else failure.reason


def _verdict(verdict: Verdict) -> dict[str, Any]:
    check = verdict.check
    common = {
        "from": check.vantage.name,
        "to": check.target,
        "state": verdict.state.value,
        "outcome": verdict.outcome.value if verdict.outcome else None,
        "found": verdict.found,
        "advice": verdict.advice or None,
    }
    if isinstance(check, NameCheck):
        return {"kind": "name", "name": check.fqdn, "expected": list(check.declared), **common}
    return {
        "kind": "connection",
        "address": check.address,
        "port": check.port_number,
        "service": check.port.name,
        "expected": check.expected.value,
        "why": check.why or None,
        "milliseconds": verdict.milliseconds,
        **common,
    }


def cases(result: Result) -> list[Case]:
    """Every verdict as a JUnit case, grouped by vantage."""
    return [
        Case(
            f"connectivity.{verdict.check.vantage.name}",
            f"{place(verdict)} {declared(verdict)}",
            sentence(verdict) if verdict.wrong else None,
        )
        for verdict in result.verdicts
    ]
