"""The steps of a package's way: from ``pkgci.model.steps``, and from what the steps' programs say of themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pkgci.model.steps import STEPS
from tools.manual.markdown import code, document, table

PROGRAMS = Path(__file__).resolve().parents[2] / "puppet/site-modules/package_steps/files/pkgci_steps"
# Program → the module that runs it.
_MODULES = {
    "pkgci-chroots": "chroots/main.py",
    "pkgci-build": "build/main.py",
    "pkgci-publish-review": "repository/publish_review.py",
    "pkgci-install-test": "install/main.py",
    "pkgci-repotest": "repotest/main.py",
    "pkgci-systest": "systest/main.py",
    "pkgci-promote": "repository/promote.py",
    "pkgci-prune": "repository_admin/prune.py",
    "pkgci-repository": "repository_admin/main.py",
}


def page() -> str:
    """docs/reference/steps.md."""
    return document(
        "Steps",
        "Every target of a project goes through these steps, each a Jenkins job that runs one program on a host. Zuul "
        "starts a step when the one before it has succeeded.",
        table(("Step", "What it does", "Role", "After", "Pipelines", "Minutes at most"), list(_rows())),
        "## Inputs",
        "A program takes no arguments. It reads what to do from the environment, and the site's settings from "
        "`/etc/pkgci/steps.json`. A program leaves `result.json`, `junit.xml` and `log.txt` in the folder `RESULTS`.",
        table(("Variable", "Meaning"), [(code(name), text) for name, text in _inputs()]),
        "## Programs",
        *(f"### {name}\n\n```text\n{_usage(PROGRAMS / file)}\n```" for name, file in _MODULES.items()),
    )


def _rows() -> Iterator[Sequence[str]]:
    for step in STEPS.values():
        yield (
            code(step.name),
            step.title,
            f"[`{step.role}`](roles.md)",
            code(step.after) if step.after else "",
            ", ".join(pipeline.value for pipeline in step.pipelines),
            str(step.timeout),
        )


def _usage(file: Path) -> str:
    """The text that the program prints for --help."""
    for one in ast.parse(file.read_text("utf-8")).body:
        if isinstance(one, ast.Assign) and getattr(one.targets[0], "id", "").lstrip("_") == "USAGE":
            return str(ast.literal_eval(one.value)).strip()
    raise LookupError(f"{file} has no USAGE")


def _inputs() -> Iterator[tuple[str, str]]:
    """Variable → what the comment above it in ``inputs`` says. Variables without one share that of the one before."""
    comment: list[str] = []
    is_used = False
    source = (PROGRAMS / "inputs.py").read_text("utf-8")
    table_ = re.search(r"^PATTERNS.*?^\}", source, re.MULTILINE | re.DOTALL)
    for line in (table_[0] if table_ else "").splitlines():
        if found := re.match(r"    # (.*)", line):
            comment, is_used = ([] if is_used else comment) + [found[1]], False
        elif found := re.match(r'    "([A-Z_]+)": ', line):
            is_used = True
            yield found[1], " ".join(comment)


def step_statuses() -> list[Sequence[str]]:
    """Rows of the exit statuses of the steps' programs: number, word, meaning."""
    source = (PROGRAMS / "status.py").read_text("utf-8")
    found = re.findall(r"^    ([A-Z]+) = (\d+)  # (.+)$", source, re.MULTILINE)
    return [(code(number), code(name.lower()), f"{text[0].upper()}{text[1:]}.") for name, number, text in found]
