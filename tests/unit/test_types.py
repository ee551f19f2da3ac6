"""`make lint` checks the types of everything that goes to hosts: nothing is left out, and nothing is waved through."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

TOP = Path(__file__).parents[2]
MODULES = TOP / "puppet/site-modules"
FILES = sorted(MODULES.glob("*/files/**/*.py"))
_IGNORE = re.compile(r"# type: ignore(?P<codes>\[[a-z, -]+\])?(?P<reason> +# .+)?")


def checked() -> tuple[set[Path], set[str]]:
    """The folders in which mypy looks, and the packages and modules that it checks."""
    settings = configparser.ConfigParser()
    settings.read(TOP / "mypy-hosts.ini")
    own = settings["mypy"]
    folders = {TOP / line.strip(" ,") for line in own["mypy_path"].split("\n") if line.strip()}
    names = {name.strip() for key in ("packages", "modules") for name in own[key].split(",")}
    return folders, names


def test_every_program_of_a_host_is_type_checked() -> None:
    folders, names = checked()
    left_out = []
    for file in FILES:
        above = next((folder for folder in sorted(folders, reverse=True) if folder in file.parents), None)
        if above is None or file.relative_to(above).parts[0].removesuffix(".py") not in names:
            left_out.append(str(file.relative_to(TOP)))
    assert FILES
    assert left_out == []


def test_an_error_of_types_is_ignored_by_its_name_and_for_a_reason() -> None:
    faults = []
    for file in FILES:
        lines = file.read_text().splitlines()
        for number, line in enumerate(lines):
            found = _IGNORE.search(line)
            said_above = number > 0 and lines[number - 1].lstrip().startswith("#")
            if found and not (found["codes"] and (found["reason"] or said_above)):
                faults.append(f"{file.relative_to(TOP)}:{number + 1}")
    assert faults == []
