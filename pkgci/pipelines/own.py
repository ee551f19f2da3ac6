"""The site's own layout files (``zuul: {layouts: […]}``), read to be added to pkgci's layout.

The rules: each file is a Zuul layout, or a part of one. Its ``pipelines``, ``jobs``, ``project-templates`` and
``projects`` are added behind pkgci's own and those of the files before it, in the order of the files. So a site's job
may say more of a job of pkgci's (as in ``{name: packaging-hello-systest-el9, voting: false}``), and its projects may
use pkgci's pipelines and templates. A name that is there already is an error. A Python file that it includes stands
beside it, and is deployed with the layout.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pkgci.errors import UsageError
from pkgci.model.document import Document, DocumentError, Fault, Path_
from pkgci.model.site import Site
from pkgci.model.words import nearest
from pkgci.paths import beside
from pkgci.pipelines.reading import read_layout
from pkgci.pipelines.text import dump

# The sections of a layout whose items have names, in Zuul's own order.
SECTIONS = ("pipelines", "jobs", "project-templates", "projects")
INCLUDES = "includes"


@dataclass(frozen=True)
class Item:
    """One named part of a site's own layout: of ``document``, there at ``path``."""

    document: Document
    path: Path_
    data: dict[str, Any]

    def where(self, inner: Path_ = (), *, key: bool = False) -> str:
        """The place of ``inner`` in the site's own file: FILE:LINE:COLUMN."""
        position = self.document.position((*self.path, *inner), key=key)
        return f"{self.document.path}:{position.line}:{position.column}"


@dataclass(frozen=True)
class OwnLayouts:
    """What the site adds: the items of each section, and the Python files (name on the host → text, → the site's)."""

    items: dict[str, tuple[Item, ...]] = field(default_factory=dict)
    python: dict[str, str] = field(default_factory=dict)
    sources: dict[str, Path] = field(default_factory=dict)

    def text(self, section: str) -> str:
        """The items of ``section`` as they stand in the layout, each below the place where it comes from."""
        if section == INCLUDES:
            return "".join(f"  - python-file: {name}\n" for name in self.python)
        return "".join(f"\n  # {_place(item)}\n{_indented(dump([item.data]))}" for item in self.items.get(section, ()))


def read_own(site: Site) -> OwnLayouts:
    """The site's own layouts. Raises ``UsageError`` and ``DocumentError``, naming file and line."""
    items: dict[str, list[Item]] = {section: [] for section in SECTIONS}
    python: dict[str, str] = {}
    sources: dict[str, Path] = {}
    for text in site.zuul.layouts:
        document = read_layout(beside(site.directory, text))
        faults = _faults(document)
        if faults:
            raise DocumentError(document.path, faults)
        for section in SECTIONS:
            for index, data in enumerate(document.data.get(section) or ()):
                items[section].append(Item(document, (section, index), data))
        for index, include in enumerate(document.data.get(INCLUDES) or ()):
            path = beside(document.path.parent, include["python-file"])
            content = _python(document, index, path)
            name = hashed_name(path.stem, content)
            python[name], sources[name] = content, path
    return OwnLayouts({section: tuple(found) for section, found in items.items()}, python, sources)


def hashed_name(stem: str, content: str) -> str:
    """A file name that says what is in the file: a layout that names it is never read together with another one."""
    return f"{stem}-{hashlib.sha256(content.encode()).hexdigest()[:12]}.py"


def earlier_files(folder: Path) -> Iterator[str]:
    """The Python files in ``folder`` whose names say what is in them: those of a layout that pkgci wrote there."""
    for file in sorted(folder.glob("*-????????????.py")):
        try:
            if file.name == hashed_name(file.stem.rpartition("-")[0], file.read_text(encoding="utf-8")):
                yield file.name
        except (OSError, UnicodeDecodeError):
            continue


def _faults(document: Document) -> list[Fault]:
    if not isinstance(document.data, dict):
        return [Fault(document.position(()), "is no Zuul layout: a mapping of `pipelines`, `jobs`, … is expected")]
    known = (*SECTIONS, INCLUDES)
    faults: list[Fault] = []
    for section, items in document.data.items():
        if section not in known:
            place = document.position((section,), key=True)
            faults.append(Fault(place, f"a Zuul layout has no '{section}'{nearest(str(section), known)}"))
        elif items is not None and not isinstance(items, list):
            faults.append(Fault(document.position((section,)), f"'{section}' is a list"))
        else:
            wanted = "python-file" if section == INCLUDES else "name"
            for index, item in enumerate(items or ()):
                if not (isinstance(item, dict) and isinstance(item.get(wanted), str)):
                    faults.append(Fault(document.position((section, index)), f"what stands here needs a '{wanted}'"))
    return faults


def _python(document: Document, index: int, path: Path) -> str:
    """What is in ``path``, which the include ``index`` of ``document`` names. Raises ``UsageError``."""
    position = document.position((INCLUDES, index, "python-file"))
    try:
        content = path.read_text(encoding="utf-8")
        compile(content, str(path), "exec")
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
    except UnicodeDecodeError:
        message = f"{path} is no text"
    except (SyntaxError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        message = f"{path}{line}: {error.msg if isinstance(error, SyntaxError) else error}"
    else:
        return content
    raise UsageError(f"{document.path}:{position.line}:{position.column}: {message}")


def _place(item: Item) -> str:
    return f"{Path(item.document.path).name}, line {item.document.position(item.path).line}"


def _indented(text: str) -> str:
    return "".join(f"  {line}" if line.strip() else line for line in text.splitlines(keepends=True))
