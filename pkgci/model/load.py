"""From a site file to a ``Site``, or to every fault that it has, each with its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from pkgci.model.check_lab import check_lab_files, check_lab_network
from pkgci.model.checks import check
from pkgci.model.document import Document, DocumentError, Fault, read_document
from pkgci.model.faults import misread, unfit
from pkgci.model.schema import SiteFile
from pkgci.model.site import Site, resolve


@dataclass(frozen=True)
class Loaded:
    """A site, and the document that it was made of: where in the file everything stands."""

    document: Document
    site: Site


def load_site(path: Path) -> Site:
    """The site that the file ``path`` describes. Raises ``UsageError`` or ``DocumentError`` with all its faults."""
    return _load(path).site


def load_site_with_files(path: Path) -> Site:
    """Like ``load_site``, for what makes the hosts: what a lab carries into them must be on this machine, too."""
    return _load(path, check_lab_files).site


def load_strictly(path: Path) -> Loaded:
    """Like ``load_site_with_files``, and a site with the section `lab` must be one that `pkgci lab` can make."""
    return _load(path, check_lab_network, check_lab_files)


def _load(path: Path, *more: Callable[[Document, SiteFile], Iterable[Fault]]) -> Loaded:
    document = read_document(path)
    if not isinstance(document.data, dict):
        raise DocumentError(path, [Fault(document.position(()), "a site file is a mapping, as in 'version: 1'")])
    numbers = misread(document)
    try:
        site_file = SiteFile.model_validate(document.data)
    except ValidationError as error:
        told = {fault.position for fault in numbers.values()}
        faults = [fault for fault in unfit(document, error) if fault.position not in told]
        raise DocumentError(path, [*numbers.values(), *faults, *check(document, None).faults]) from None
    checked = check(document, site_file)
    faults = [*numbers.values(), *checked.faults]
    for question in more:
        faults += question(document, site_file)
    if faults:
        raise DocumentError(path, faults)
    return Loaded(document, resolve(site_file, path.absolute(), checked.administrator_keys))


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a site file, for editors."""
    schema = SiteFile.model_json_schema(schema_generator=_AsWritten)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


class _AsWritten(GenerateJsonSchema):
    """Defaults as they would stand in a site file: a size is text with its unit."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        value = found.get("default")
        if found.get("type") == "string" and isinstance(value, int):
            found["default"] = f"{value // 1000} GB" if value % 1000 == 0 else f"{value} MB"
        return found
