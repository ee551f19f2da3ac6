"""pkgci-repository's answers, for people at the host's console. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def as_text(command: str, answer: Mapping[str, Any]) -> str:
    """``answer`` of ``command``, in lines."""
    return "\n".join({"list": _list, "refresh": _done, "check": _done}.get(command, _change)(answer))


def _list(answer: Mapping[str, Any]) -> Iterator[str]:
    yield f"{answer['url']}: generation {answer['generation'] or 'none yet'}"
    for item in answer["released"]:
        yield f"  {item['target']}  {item['source']} {item['version']}"
    for one in answer["reviews"]:
        yield f"review {one['name']}: {one['versions']} for {', '.join(one['targets'])}, last {one['last']}"


def _done(answer: Mapping[str, Any]) -> Iterator[str]:
    yield from answer["done"] or ["nothing to do"]


def _change(answer: Mapping[str, Any]) -> Iterator[str]:
    for sign, key in (("-", "gone"), ("+", "back")):
        for item in answer.get(key, ()):
            yield f"{sign} {item['target']}  {item['source']} {item['version']}"
    planned = "gone" in answer
    yield f"planned on generation {answer['generation']}" if planned else f"done: generation {answer['generation']}"
