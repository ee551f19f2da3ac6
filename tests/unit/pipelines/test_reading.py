"""A site's own Zuul layouts are taken as Zuul's own YAML reader takes them."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pkgci.errors import PkgciError
from pkgci.model.document import DocumentError, Position
from pkgci.model.load import load_site
from pkgci.pipelines.layout import Layout, render
from pkgci.pipelines.reading import parse_layout
from tests.unit.conftest import SITE

MERGED = """\
pipelines:
  - &quiet
    name: quiet
    manager: IndependentPipelineManager
    trigger: {timer: [{time: 0 4 * * sun}]}
    failure: {gerrit: {verified: -1}}
  - <<: *quiet
    name: loud
    failure:
      smtp: {to: a@example.org}
jobs:
  - &slow {name: slow, branch: ^main$, voting: off}
  - &picky {name: picky, failure-message: 'one


      two'}
  - <<: [*slow, *picky]
    name: both
  - {name: own, <<: *slow, branch: ^stable$}
project-templates:
  - name: '{name}-x'
    quiet: &jobs ['{name}-docs', own]
projects:
  - &docs
    name: docs
    quiet: *jobs
    check: []
  - <<: *docs
    name: more-docs
    gate: [noop]
"""

# What YAML 1.1 makes of it, in PyYAML: all of it in the values of one job.
ODD = """\
jobs:
  - name: odd
    on: yes
    off: NO
    octal: 0777
    hex: 0x1F
    binary: 0b11
    sexagesimal: 190:20:30
    underscores: 1_000
    exponent: 1.5e+3
    infinite: -.inf
    nothing: ~
    empty:
    day: 2015-01-02
    moment: 2015-01-02 03:04:05
    bytes: !!binary aGVsbG8=
    set: !!set {a, b}
    pairs: !!pairs [a: 1, a: 2]
    text: !!str 12
    number: !!int "12"
    folded: >
      one
      two

      three
    literal: |
      one

        two
    plain: a
      b

      c
    quoted: "tab\\tquote\\" \\u263a"
    equals: {=: 1}
    12: number as key
    true: boolean as key
    ~: nothing as key
    twice: first
    twice: second
    nested: {a: {b: 1}, a: {c: 2}}
"""


@pytest.fixture
def own(write_site: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Layout]:
    def make(text: str) -> Layout:
        (tmp_path / "own.yaml").write_text(text)
        return render(load_site(write_site(SITE + "zuul: {layouts: [own.yaml]}\n")))

    return make


def shown(data: object) -> str:
    """``data`` as text, sets sorted. Pairs are lists in what is written again: no part of a layout is one."""
    if isinstance(data, dict):
        return f"{{{', '.join(f'{shown(key)}: {shown(value)}' for key, value in data.items())}}}"
    if isinstance(data, set):
        return f"{{{', '.join(sorted(map(shown, data)))}}}"
    return f"({', '.join(map(shown, data))})" if isinstance(data, list | tuple) else repr(data)


@pytest.mark.parametrize("text", [MERGED, ODD])
def test_what_zuul_gets_is_what_it_would_have_read_in_the_sites_own_file(
    own: Callable[[str], Layout], text: str
) -> None:
    layout = own(text)
    for section, items in yaml.safe_load(text).items():
        for whole in (layout.data, yaml.safe_load(layout.text)):
            assert shown(whole[section][-len(items) :]) == shown(items)


def test_a_layout_is_read_as_the_safe_loader_reads_it() -> None:
    for text in (MERGED, ODD):
        # Dictionaries compare without their order; what has no equal is compared as text.
        assert shown(parse_layout(Path("own.yaml"), text).data) == shown(yaml.safe_load(text))


def test_a_layout_of_production_size_with_merges_is_taken() -> None:
    jobs = "".join(f"  - {{<<: *slow, name: job-{number}}}\n" for number in range(6000))
    projects = "".join(f"  - <<: *docs\n    name: project-{number}\n" for number in range(3200))
    text = MERGED.replace("project-templates:", f"{jobs}project-templates:") + projects
    assert text.count("\n") > 12_286
    layout = parse_layout(Path("own.yaml"), text)
    assert layout.data["projects"][-1] == {"name": "project-3199", "quiet": ["{name}-docs", "own"], "check": []}


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("pipelines", 1, "name"), 8, 11),
        (("pipelines", 1, "trigger", "timer", 0, "time"), 5, 30),
        (("pipelines", 1, "failure", "smtp", "to"), 10, 18),
        (("jobs", 2, "name"), 18, 11),
        (("jobs", 2, "branch"), 12, 32),
        (("jobs", 3, "branch"), 19, 36),
        (("projects", 1, "quiet", 1), 22, 34),
    ],
)
def test_what_was_merged_is_where_it_was_written(path: tuple[str | int, ...], line: int, column: int) -> None:
    assert parse_layout(Path("own.yaml"), MERGED).position(path) == Position(line, column)


def test_of_a_key_that_is_there_twice_the_last_one_counts_and_is_named() -> None:
    document = parse_layout(Path("own.yaml"), "jobs:\n  - name: a\n    x: {y: 1}\n    x: {z: 2}\n")
    assert document.data == {"jobs": [{"name": "a", "x": {"z": 2}}]}
    assert document.position(("jobs", 0, "x"), key=True) == Position(4, 5)
    assert ("jobs", 0, "x", "y") not in document.values


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("jobs:\n  - name: a\n    x: !!python/object:os.x {}\n", "3:8", "Zuul cannot read"),
        ("jobs:\n  - name: a\n    x: 2015-13-45\n", "3:8", "Zuul cannot read"),
        ("jobs:\n  - name: a\n    <<: text\n", "3:9", "Zuul cannot read"),
        ("jobs:\n  - name: a\n    <<: [text]\n", "3:10", "Zuul cannot read"),
        ("jobs:\n  - name: a\n    ? [x]\n    : 1\n", "3:7", "Zuul cannot read"),
        ("jobs:\n  - name: a\n    x: !!int many\n", "3:8", "Zuul cannot read"),
        ("jobs:\n  - &a\n    name: a\n    x: *a\n", "2:5", "contains itself"),
        ("jobs:\n  - name: *gone\n", "2:11", "undefined alias"),
        ("a: 1\n---\nb: 2\n", "2:1", ""),
    ],
)
def test_what_zuul_cannot_read_is_refused_with_its_place(text: str, place: str, words: str) -> None:
    with pytest.raises(DocumentError, match=rf"own.yaml:{place}: .*{words}"):
        parse_layout(Path("own.yaml"), text)


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
    with pytest.raises(DocumentError, match="expand to more than"):
        parse_layout(Path("own.yaml"), "\n".join(lines))


def test_a_site_file_has_no_merge_keys_and_says_so(write_site: Callable[[str], Path]) -> None:
    text = SITE.replace("  build01: {", "  build01: {<<: {}, ")
    with pytest.raises(PkgciError, match="merge keys"):
        load_site(write_site(textwrap.dedent(text)))
