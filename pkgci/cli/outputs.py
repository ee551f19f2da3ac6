"""The options that name where to write: one type for files, one for folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from pkgci.cli.invocation import Invocation
from pkgci.cli.say import say_exactly
from pkgci.errors import PkgciError, UsageError
from pkgci.outputs import check_output, write_output

STANDARD_OUTPUT = "-"
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Output:
    """A file, a device or a pipe; standard output where ``path`` is None."""

    path: Path | None

    def write(self, text: str) -> None:
        """Writes ``text``. Raises ``UsageError`` where that fails."""
        if self.path is None:
            say_exactly(text, nl=False)
        else:
            _check_not_site(self.path)
            write_output(self.path, text)

    def __str__(self) -> str:
        return "standard output" if self.path is None else str(self.path)


@contextmanager
def also(report: Output | None, text: Callable[[], str]) -> Iterator[bool]:
    """Shows a result, and writes a ``report`` of it as well: whichever of the two fails, the other one is there.

    Yields whether the result is shown: not where the report has standard output to itself.
    """
    shown = False
    try:
        yield report is None or report.path is not None
        shown = True
    finally:
        if report is not None:
            try:
                report.write(text())
            except PkgciError as error:
                error.beside_result = shown
                raise


def check_one_result(report: Output | None, as_json: bool) -> None:
    """Raises ``UsageError`` where both JSON and a report would go to standard output."""
    if as_json and report is not None and report.path is None:
        raise UsageError("--json cannot be combined with --junit -: both write to standard output", "--junit FILE")


def output_file_option(*names: str, **settings: Any) -> Callable[[F], F]:
    """An option that names a file, a device or a pipe to write to, or ``-``. It is checked before any work is done."""
    return click.option(*names, type=click.Path(allow_dash=True), callback=_file, metavar="FILE", **settings)


def output_folder_option(*names: str, **settings: Any) -> Callable[[F], F]:
    """An option that names a directory to write files to, made where there is none."""
    kind = click.Path(file_okay=False, allow_dash=True)
    return click.option(*names, type=kind, callback=_folder, metavar="DIRECTORY", **settings)


def _file(context: click.Context, parameter: click.Parameter, value: str | None) -> Output | None:
    if value is None:
        return None
    if value == STANDARD_OUTPUT:
        return Output(None)
    _check_not_empty(value)
    if os.path.basename(value) in ("", ".", ".."):  # noqa: PTH119 - a path has lost its last slash
        raise click.BadParameter(f"cannot write {value}: it names a directory", context, parameter)
    try:
        check_output(Path(value))
    except PkgciError as error:
        raise click.BadParameter(error.message, context, parameter) from None
    return Output(Path(value))


def _folder(context: click.Context, parameter: click.Parameter, value: str | None) -> Path | None:
    if value is None:
        return None
    if value == STANDARD_OUTPUT:
        raise click.BadParameter("'-' is standard output, and a directory is needed (or ./-)", context, parameter)
    _check_not_empty(value)
    return Path(value)


def _check_not_site(path: Path) -> None:
    """Raises ``UsageError`` where ``path`` is the site file, which nothing could make again."""
    context = click.get_current_context(silent=True)
    if context is None:
        return
    site_file = context.ensure_object(Invocation).site_file
    if path.exists() and site_file.exists() and path.samefile(site_file):
        raise UsageError(f"cannot write {path}: it is the site file", "name another file")


def _check_not_empty(value: str) -> None:
    if not value:
        raise click.BadParameter("the name is empty")
