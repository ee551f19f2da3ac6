"""Whatever stands in a site file: ``validate`` accepts it, or says what is wrong and where. Never a traceback."""

import copy
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml
from pydantic import ValidationError

from pkgci.model.document import DocumentError, parse_document
from pkgci.model.load import json_schema, load_strictly
from pkgci.model.schema import SiteFile
from tests.unit.model.odd import ODD, Path_, examples, places, with_key, with_value
from tests.unit.model.test_accepted import PLACE

SCHEMA = json_schema()
# What the JSON Schema cannot say: of a network, a path and a time it knows what they look like.
LOOSE = {("access", "management"), ("access", "administrators"), ("zuul", "periodic"), ("ssh", "key"), ("hosts", "ssh")}


def rotated(number: int, count: int) -> Iterator[str]:
    """Some of the odd values: others for each number, and all of them for enough numbers."""
    return (ODD[(number * count + index) % len(ODD)] for index in range(count))


def edits(text: str) -> Iterator[str]:
    """``text`` with one odd value in it, or one odd key."""
    for number, path in enumerate(places(text).values()):
        for written in rotated(number, 2):
            yield with_value(text, path, written)
        if number % 3 == 0 and isinstance(path[-1], str):
            yield from (with_key(text, path, written) for written in rotated(number, 1))


@pytest.mark.parametrize("example", examples(), ids=lambda path: path.parent.name)
def test_an_example_with_an_odd_value_is_accepted_or_refused_with_its_place(example: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(example.parent, folder)
    file = folder / "site.yaml"
    refused = 0
    for text in edits(example.read_text()):
        file.write_text(text, encoding="utf-8")
        try:
            load_strictly(file)
        except DocumentError as error:
            refused += 1
            assert error.hint
            wrong = [line for line in error.message.splitlines() if not PLACE.match(line)]
            assert not wrong, f"{wrong}\n{text}"
            assert all(fault.position.line <= text.count("\n") + 1 for fault in error.faults)
    assert refused > 40


def values(text: str) -> Iterator[tuple[Path_, object]]:
    """Every place of ``text``, each with some odd values, as YAML reads them."""
    for number, path in enumerate(places(text).values()):
        for written in rotated(number, 2):
            try:
                yield path, parse_document(Path("odd"), f"odd: {written}").data["odd"]
            except DocumentError:
                continue


def changed(whole: dict[str, object], path: Path_, value: object) -> dict[str, object]:
    """The data ``whole`` with ``value`` at ``path``."""
    data = copy.deepcopy(whole)
    at = data
    for part in path[:-1]:
        at = at[part]  # type: ignore[index, assignment]
    at[path[-1]] = value  # type: ignore[index]
    return data


def fits(data: dict[str, object]) -> bool:
    """Whether ``data`` fits the model, apart from what must be true across it."""
    try:
        SiteFile.model_validate(data)
    except ValidationError:
        return False
    return True


def test_the_json_schema_refuses_what_the_model_refuses_and_takes_what_is_valid(
    write_site: Callable[[str], Path],
) -> None:
    validators = {
        key: jsonschema.Draft202012Validator(
            {**part, "$defs": SCHEMA["$defs"]}, format_checker=jsonschema.FormatChecker()
        )
        for key, part in SCHEMA["properties"].items()
    }
    text = (Path(__file__).with_name("every-key.yaml")).read_text()
    whole = yaml.safe_load(text)
    assert all(validators[key].is_valid(part) for key, part in whole.items())
    for path, value in values(text):
        data = changed(whole, path, value)
        by_schema, by_model = validators[str(path[0])].is_valid(data[str(path[0])]), fits(data)
        if by_schema and not by_model:
            assert any(set(loose) <= set(path) for loose in LOOSE), f"the schema takes {value!r} at {path}"
        if by_model and not by_schema:
            # A rule across keys: the checks have it, with words of their own.
            with pytest.raises(DocumentError):
                load_strictly(write_site(yaml.safe_dump(data, sort_keys=False)))


@pytest.mark.parametrize("example", examples(), ids=lambda path: path.parent.name)
def test_the_json_schema_takes_every_example(example: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(yaml.safe_load(example.read_text()), SCHEMA, format_checker=jsonschema.FormatChecker())


def test_the_defaults_in_the_json_schema_are_what_could_be_written() -> None:
    waiting: list[object] = [SCHEMA]
    while waiting:
        node = waiting.pop()
        waiting += node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
        if isinstance(node, dict) and node.get("default") is not None:
            jsonschema.Draft202012Validator({**node, "$defs": SCHEMA["$defs"]}).validate(node["default"])
