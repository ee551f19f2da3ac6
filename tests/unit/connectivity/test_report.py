"""A run as people and machines read it."""

from collections.abc import Callable
from pathlib import Path

from pkgci.connectivity.judge import Failure, Result, Vantages
from pkgci.connectivity.matrix import OPERATOR, Matrix
from pkgci.connectivity.plan import Observation, Outcome
from pkgci.connectivity.report import as_data, cases, grid, letters, summary, surprises
from pkgci.junit import junit_xml
from pkgci.model.load import load_site
from pkgci.model.site import Site
from tests.unit.conftest import SITE
from tests.unit.connectivity.test_judge import by_vantage, verdicts
from tests.unit.connectivity.test_matrix import check, whole


def result(
    found: Matrix, changed: dict[int, Observation | None] | None = None, failed: dict[str, Failure] | None = None
) -> Result:
    told = verdicts(found, changed, failed)
    vantages = Vantages(by_vantage(found, failed), dict.fromkeys(found.targets))
    return Result(found, tuple(told.values()), vantages, len(found.targets), 3.2)


def lines(run: Result, width: int) -> list[str]:
    return ["".join(text for text, _ in line) for line in grid(run, width)]


def row(shown: list[str], name: str) -> list[str]:
    """The cells of one vantage."""
    (found,) = (line for line in shown if name in line)
    return found.split(name, 1)[1].split()


def test_a_cell_names_the_open_ports_and_dots_the_closed_ones(site: Site) -> None:
    shown = lines(result(whole(site)), 80)
    assert row(shown, "jenkins01") == ["·ht" + "g·", "–––––", "sht··", "sht··", "s····", "s····", "s····", "ok"]


def test_letters_are_told_apart(site: Site) -> None:
    assert list(letters(whole(site).ports).values()) == ["s", "h", "t", "g", "z", "j", "m"]


def test_ports_that_are_open_to_nobody_are_named_below_the_matrix_and_take_no_room_in_it(site: Site) -> None:
    shown = " ".join(lines(result(whole(site)), 80))
    assert "g=gearman, m=metrics" in shown
    assert "Open to nobody: zuul-webapp, jenkins-http." in shown


def test_a_port_that_nobody_may_reach_is_shown_once_somebody_does(site: Site) -> None:
    found = whole(site)
    shown = lines(result(found, {check(found, "build01", "jenkins01", 8080).number: Observation(Outcome.OPEN)}), 80)
    assert row(shown, "build01")[1] == "·ht·X·"
    assert "Open to nobody: zuul-webapp." in " ".join(shown)


def test_a_surprise_is_visible_in_its_cell_and_named_on_one_line(site: Site) -> None:
    found = whole(site)
    run = result(found, {check(found, "build01", "zuul01", 4730).number: Observation(Outcome.OPEN)})
    assert row(lines(run, 80), "build01")[0] == "·htX·"
    ((_, line),) = surprises(run)
    assert line.startswith("build01 → zuul01:4730 (gearman): declared closed, found open. Gearman asks nobody")
    assert "1 not as declared" in summary(run)


def test_what_several_places_find_alike_is_one_line(site: Site) -> None:
    found = whole(site)
    opened = {check(found, name, "zuul01", 4730).number: Observation(Outcome.OPEN) for name in ("build01", "systest01")}
    ((_, line),) = surprises(result(found, opened))
    assert line.startswith("build01, systest01 → zuul01:4730 (gearman): declared closed, found open")


def test_the_matrix_of_ten_hosts_fits_80_columns(write_site: Callable[[str], Path]) -> None:
    more = "".join(f"  build{n:02}: {{role: slave_build, address: 10.20.1.{n}}}\n" for n in range(2, 5))
    run = result(whole(load_site(write_site(SITE.replace("gerrit:", f"{more}gerrit:", 1)))))
    shown = lines(run, 80)
    assert len(run.matrix.targets) == 10
    assert max(map(len, shown)) <= 80
    assert shown[0].split() == [*map(str, range(1, 11)), "dns"]


def test_a_narrow_terminal_gets_the_matrix_in_blocks(site: Site) -> None:
    shown = lines(result(whole(site)), 40)
    assert max(map(len, shown)) <= 40
    headings = [line.split() for line in shown if line.startswith(" " * 15) and line.strip()]
    assert headings == [["1", "2", "3"], ["4", "5", "6"], ["7", "dns"]]


def test_the_checks_of_an_unreachable_vantage_are_one_line_together(site: Site) -> None:
    found = whole(site)
    lost: dict[int, Observation | None] = {
        item.number: None for item in (*found.port_checks, *found.name_checks) if item.vantage.name == "build01"
    }
    run = result(found, lost, {"build01": Failure("no route to host")})
    ((_, line),) = surprises(run)
    assert line.startswith("build01: vantage unreachable: no route to host") and str(len(lost)) in line
    assert set("".join(row(lines(run, 80), "build01"))) == {"?", "–"}


def test_machines_get_every_verdict(site: Site) -> None:
    found = whole(site)
    item = check(found, OPERATOR, "zuul01", 443)
    data = as_data(result(found, {item.number: Observation(Outcome.REFUSED, {"ms": "4"})}))
    assert data["as_declared"] is False
    assert len(data["verdicts"]) == len(found.port_checks) + len(found.name_checks)
    (wrong,) = (verdict for verdict in data["verdicts"] if verdict["state"] == "surprise")
    assert (wrong["from"], wrong["to"], wrong["port"], wrong["expected"]) == (OPERATOR, "zuul01", 443, "open")
    assert (wrong["outcome"], wrong["milliseconds"]) == ("refused", 4)


def test_a_junit_report_has_a_case_for_every_verdict_and_a_failure_for_every_surprise(site: Site) -> None:
    found = whole(site)
    run = result(found, {check(found, "build01", "zuul01", 4730).number: Observation(Outcome.OPEN)})
    text = junit_xml("connectivity", cases(run))
    assert f'tests="{len(run.verdicts)}" failures="1"' in text
    assert "build01 → zuul01:4730 (gearman)" in text
