"""Rules for single values, each declared once: as a check, in the JSON Schema, and in words for whoever broke it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True, eq=False)
class Worded:
    """Text that ``pattern`` matches as a whole, and that ``also`` raises no ``ValueError`` for.

    Any other text is refused with the words ``otherwise``, which follow the text. The pattern is one that Python and
    editors (ECMA-262) read alike.
    """

    pattern: str
    otherwise: str
    also: Callable[[str], object] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(schema)
        rule = {"pattern": f"^(?:{self.pattern})$"}
        return {"allOf": [found, rule]} if "pattern" in found or "allOf" in found else {**found, **rule}

    def _checked(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value):
            raise ValueError(self.otherwise)
        if self.also is not None:
            self.also(value)
        return value


@dataclass(frozen=True, eq=False)
class Refused:
    """One value that a type would take, and that means nothing here; ``otherwise`` says why."""

    value: int
    otherwise: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "not": {"const": self.value}}

    def _checked(self, value: int) -> int:
        if value == self.value:
            raise ValueError(self.otherwise)
        return value


def one_of(*keys: str) -> dict[str, Any]:
    """For ``json_schema_extra`` of a model: exactly one of its ``keys`` is written."""
    return {"oneOf": [_written(key) for key in keys]}


def some_of(*keys: str) -> dict[str, Any]:
    """For ``json_schema_extra`` of a model: at least one of its ``keys`` is written, and not empty."""
    return {"anyOf": [_written(key) for key in keys]}


def _written(key: str) -> dict[str, Any]:
    return {"required": [key], "properties": {key: {"not": {"type": "null"}, "minItems": 1}}}


@dataclass(frozen=True, eq=False)
class Read:
    """A value that ``parse`` makes of text with a notation of its own; ``schema`` is what editors are told of it.

    Only text is parsed: YAML's own numbers and truth values are refused with ``otherwise``, as what is no such text is.
    What is of the types ``made`` is such a value already.
    """

    parse: Callable[[str], object]
    otherwise: str
    schema: dict[str, Any]
    made: tuple[type, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._parsed)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", **self.schema}

    def _parsed(self, value: Any) -> object:
        if isinstance(value, self.made):
            return value
        if not isinstance(value, str):
            raise ValueError(self.otherwise)
        try:
            return self.parse(value)
        except ValueError as error:
            raise ValueError(str(error) if isinstance(error, Because) else self.otherwise) from None


class Because(ValueError):  # noqa: N818 - the words follow the value: "'10.0.0.1/8' names one host …"
    """Why text is not what was expected, in better words than the general ones."""
