"""The reference and the man pages say what the code says now."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pkgci.cli.main import COMMANDS
from pkgci.errors import ExitStatus
from pkgci.model.flows import FLOWS, Place
from pkgci.model.roles import Role
from pkgci.model.steps import STEPS
from tools.manual import catalogue, exits, roff, sitefile
from tools.manual.commands import Page, all_pages
from tools.manual.outputs import ROOT, existing, outputs

MADE = outputs()
PAGES = all_pages()


@pytest.mark.parametrize("path", MADE)
def test_what_is_generated_is_up_to_date(path: str) -> None:
    file = ROOT / path
    assert file.is_file() and file.read_text("utf-8") == MADE[path], f"{path} is out of date: `make manual` renews it"


def test_no_man_page_is_left_of_a_command_that_is_gone() -> None:
    assert existing() <= set(MADE)


def test_every_command_has_a_page_an_entry_and_examples() -> None:
    names = {page.name for page in PAGES}
    assert {f"pkgci {name}" for name in COMMANDS} < names
    text = MADE["docs/reference/commands.md"]
    assert all(f"\n## {name}\n" in text for name in names)
    for page in PAGES:
        # One command each, perhaps with a variable or a program before it: the list was taken apart where it had to be.
        assert all(re.match(r"(?:[A-Z_]+=\S+ |source <\(|watch -c )?pkgci \w", example) for example in page.examples), (
            page
        )
        assert not any(re.search(r", (?:\S+ ){0,2}pkgci ", example) for example in page.examples), page
        assert page.examples or page.name == "pkgci", f"{page.name} --help ends without an example"


def test_every_exit_status_is_explained() -> None:
    numbers = [one.value for one in exits.statuses()]
    assert set(map(int, ExitStatus)) <= set(numbers) and len(numbers) == len(set(numbers))


def test_every_role_flow_and_step_is_in_the_reference() -> None:
    roles, flows, steps = catalogue.roles(), catalogue.flows(), MADE["docs/reference/steps.md"]
    assert all(f"\n## {role}\n" in roles for role in Role)
    assert all(flow.why in flows for flow in FLOWS) and all(f"`{place.value}`" in flows for place in Place)
    assert all(f"| `{name}` |" in steps for name in STEPS)


def test_an_input_of_a_step_has_a_meaning() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*) \|$", MADE["docs/reference/steps.md"], re.MULTILINE)
    assert len(rows) > 10 and all(text for _, text in rows)


def test_a_man_page_keeps_what_troff_would_take_for_its_own() -> None:
    page = Page("pkgci x", "Say it", "pkgci x", (), (("--a", ".hidden 'quoted' back\\slash"),), (), (".dots",))
    text = roff.man_page(page)
    assert "\n\\&.hidden \\(aqquoted\\(aq back\\eslash\n" in text and "\n\\&.dots\n" in text


def rendered(file: Path) -> str:
    """What `man` shows of ``file``, in which it finds nothing to complain about."""
    man = shutil.which("man")
    if man is None:
        pytest.skip("needs man-db")
    seen = subprocess.run(
        [man, "--warnings=w", "-E", "UTF-8", "-l", str(file)],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80", "MANPAGER": "cat"},
    )
    if "minimized" in seen.stdout:
        pytest.skip("this system has a program in place of man")
    assert seen.stderr == ""
    return re.sub(r".\x08|\x1b\[[\d;]*m", "", seen.stdout).replace("‐\n", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_man_shows_the_command_and_its_options(page: Page) -> None:
    shown = rendered(ROOT / f"man/man1/{page.file}.1")
    flags = re.findall(r"--[a-z-]+", " ".join(flag for flag, _ in page.options))
    assert page.name in shown and all(flag in shown for flag in flags)


def test_man_shows_every_key_of_the_site_file() -> None:
    shown = rendered(ROOT / "man/man5/pkgci-site.5")
    for section in sitefile.sections():
        assert section.title.upper() in shown
        assert all(key in shown for key, *_ in section.rows)
