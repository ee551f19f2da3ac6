"""The site's own layout files, and the line that Zuul's words mean."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from pkgci.errors import PkgciError
from pkgci.model.load import load_site
from pkgci.pipelines.contents import jobs_of
from pkgci.pipelines.layout import Layout, render
from pkgci.pipelines.words import missing_jobs, refusal
from tests.unit.conftest import SITE

Own = Callable[..., Layout]


@pytest.fixture
def own(write_site: Callable[[str], Path], tmp_path: Path) -> Own:
    """The layout of a site with these own files."""

    def make(*texts: str, **python: str) -> Layout:
        names = [f"zuul/own{number}.yaml" for number in range(len(texts))]
        (tmp_path / "zuul").mkdir()
        for name, text in zip(names, texts, strict=True):
            (tmp_path / name).write_text(dedent(text))
        for name, text in python.items():
            (tmp_path / "zuul" / f"{name}.py").write_text(text)
        return render(load_site(write_site(SITE + f"zuul: {{layouts: [{', '.join(names)}]}}\n")))

    return make


MINE = """\
    # The documentation.
    pipelines:
      - name: nightly
        manager: IndependentPipelineManager
        trigger: {timer: [{time: 0 4 * * sun}]}
    jobs:
      - {name: packaging-hello-systest-el9, voting: false}
      - name: docs-build
        branch: ^main$
    projects:
      - name: docs
        check: [docs-build]
        gate: [noop, docs-build]
    """


def test_what_the_site_adds_stands_behind_pkgcis_own(own: Own) -> None:
    layout = own(MINE)
    assert [item["name"] for item in layout.data["pipelines"]][-1] == "nightly"
    assert layout.data["jobs"][-2:] == [
        {"name": "packaging-hello-systest-el9", "voting": False},
        {"name": "docs-build", "branch": "^main$"},
    ]
    assert jobs_of(layout.data)["gate", "docs"] == {"noop", "docs-build"}
    assert "# own0.yaml, line 8" in layout.text


def test_several_files_are_added_in_their_order(own: Own) -> None:
    layout = own("jobs: [{name: a}]\n", "jobs: [{name: b}]\n")
    assert [item["name"] for item in layout.data["jobs"]][-2:] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("projects:\n  - name: packaging/hello\n", r"own0.yaml:2:11: there is a project 'packaging/hello' already"),
        ("pipelines:\n  - {name: gate}\n", r"own0.yaml:2:12: there is a pipeline 'gate' already: layout.yaml:\d+:"),
        ("project-templates: [{name: packages}]\n", "own0.yaml:1:28: there is a project template 'packages' already"),
        ("jobs:\n  - name: x\n  - name: x\n", r"own0.yaml:3:11: .*already: .*own0.yaml:2:11"),
        ("job: []\n", r"own0.yaml:1:1: a Zuul layout has no 'job' \(did you mean 'jobs'\?\)"),
        ("jobs: {name: x}\n", "own0.yaml:1:7: 'jobs' is a list"),
        ("jobs:\n  - voting: false\n", "own0.yaml:2:5: what stands here needs a 'name'"),
        ("jobs: [\n", "own0.yaml:"),
        ("- a\n", "own0.yaml:1:1: is no Zuul layout"),
        ("includes: [{python-file: gone.py}]\n", r"own0.yaml:1:26: cannot read .*gone.py"),
    ],
)
def test_a_fault_is_told_with_file_and_line(own: Own, text: str, told: str) -> None:
    with pytest.raises(PkgciError, match=told):
        own(text)


def test_a_python_file_travels_by_a_name_that_says_what_is_in_it(own: Own) -> None:
    layout = own("includes: [{python-file: mine.py}]\n", mine="def f(item, params): pass\n")
    name = layout.data["includes"][-1]["python-file"]
    assert name.startswith("mine-")
    assert layout.files[name] == "def f(item, params): pass\n"


def test_a_python_file_that_is_none_is_refused(own: Own) -> None:
    with pytest.raises(PkgciError, match=r"own0.yaml:1:26: .*mine.py:1: "):
        own("includes: [{python-file: mine.py}]\n", mine="def f(:\n")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("voluptuous.error.MultipleInvalid: extra keys not allowed @ data['jobs'][{jobs}]['branch']", 9),
        ("voluptuous.error.MultipleInvalid: required key not provided @ data['projects'][1]['template']", 11),
        ("Exception: Unable to find function docs-build", 8),
        ("KeyError: 'source'", 3),
        ("ValueError: Error validating expression: 0 4 * * sun", 5),
    ],
)
def test_zuuls_words_lead_to_the_line_in_the_sites_own_file(own: Own, words: str, line: int) -> None:
    layout = own(MINE)
    last = str(len(layout.data["jobs"]) - 1)
    found = refusal(layout, f"INFO:zuul:x\nTraceback (most recent call last):\n  a\n{words.replace('{jobs}', last)}\n")
    assert found.where is not None
    assert f"own0.yaml:{line}:" in found.where


def test_a_pattern_that_is_none_is_found_though_zuul_does_not_name_it(own: Own) -> None:
    layout = own("jobs:\n  - name: x\n    files: [^ok, '^(broken']\n")
    found = refusal(layout, "Traceback (most recent call last):\nre.error: missing ), unterminated subpattern\n")
    assert found.where is not None
    assert "own0.yaml:3:18" in found.where


def test_a_python_file_that_breaks_while_zuul_reads_it_is_named_with_its_line(own: Own) -> None:
    layout = own("includes: [{python-file: mine.py}]\n", mine="import re\nraise ValueError\n")
    (name,) = layout.own.sources
    frames = f'  File "/opt/zuul/scheduler.py", line 420, in _parseConfig\n  File "{name}", line 2, in <module>\n'
    found = refusal(layout, f"Traceback (most recent call last):\n{frames}    raise ValueError\nValueError: no\n")
    assert found.where is not None
    assert found.where.endswith("/zuul/mine.py:2:1")


def test_a_name_of_one_letter_is_found_as_well(own: Own) -> None:
    layout = own("jobs:\n  - name: x\n    parameter-function: g\n")
    found = refusal(layout, "Traceback (most recent call last):\nException: Unable to find function g\n")
    assert found.where is not None
    assert "own0.yaml:3:25" in found.where


def test_zuuls_words_are_zuuls_own(own: Own) -> None:
    err = "Traceback\n  x\nvoluptuous.error.MultipleInvalid: extra keys not allowed @ data['pipelines'][0]['foo']\n"
    found = refusal(own(MINE), err)
    assert found.words == "extra keys not allowed @ data['pipelines'][0]['foo']"
    assert found.where is not None
    assert found.where.startswith("layout.yaml:")


def test_the_jobs_that_zuul_misses_are_named() -> None:
    assert missing_jobs("FAILURE: Job a not defined\nFAILURE: Job b-c not defined\n") == ("a", "b-c")
