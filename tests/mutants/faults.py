"""The faults: each a small change to a module's syntax tree. Pure."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


@dataclass(frozen=True)
class Mutant:
    """A module with one fault: where it is, what was done, and the whole text."""

    path: str
    line: int
    what: str
    text: str


def mutants(path: str, source: str) -> Iterator[Mutant]:
    """Every mutant of the module ``source``."""
    tree = ast.parse(source)
    for index, node in enumerate(ast.walk(tree)):
        for what in _faults(node):
            broken = copy.deepcopy(tree)
            target = next(one for number, one in enumerate(ast.walk(broken)) if number == index)
            _break(broken, target, what)
            text = ast.unparse(ast.fix_missing_locations(broken))
            if text != ast.unparse(tree):
                yield Mutant(path, getattr(node, "lineno", 0), what, text)


def _faults(node: ast.AST) -> list[str]:
    """What can be done to ``node``."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARE:
            return ["comparison turned round"]
        case ast.BoolOp():
            return ["and/or exchanged"]
        case ast.UnaryOp(op=ast.Not()):
            return ["not left out"]
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return ["plus/minus exchanged"]
        case ast.If() | ast.While():
            return ["condition never true"]
        case ast.Return(value=value) if value is not None and not isinstance(value, ast.Constant):
            return ["returns None"]
        case ast.Raise():
            return ["does not raise"]
        case ast.Expr(value=ast.Call()):
            return ["call left out"]
        case ast.Constant(value=bool()):
            return ["truth turned round"]
        case ast.Continue():
            return ["break instead of continue"]
        case ast.Break():
            return ["continue instead of break"]
    return []


def _break(tree: ast.Module, node: ast.AST, what: str) -> None:
    """Does ``what`` to ``node``, a part of ``tree``."""
    match node:
        case ast.Compare():
            node.ops = [_COMPARE[type(node.ops[0])]()]
        case ast.BoolOp():
            node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        case ast.BinOp():
            node.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        case ast.If() | ast.While():
            node.test = ast.Constant(False)
        case ast.Return():
            node.value = ast.Constant(None)
        case ast.Constant():
            node.value = not node.value
        case ast.UnaryOp():
            _replace(tree, node, node.operand)
        case ast.Raise() | ast.Expr():
            _replace(tree, node, ast.Pass())
        case ast.Continue():
            _replace(tree, node, ast.Break())
        case ast.Break():
            _replace(tree, node, ast.Continue())


def _replace(tree: ast.Module, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list):
                setattr(parent, name, [new if item is old else item for item in value])
