"""What is read of a host that has just booted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError

from pkgci.errors import PkgciError
from pkgci.lab import boot

KEY = b"ssh-ed25519 AAAA install01\n"


class Container:
    """A host whose engine answers with ``answers``, one after the other."""

    name = "install01"

    def __init__(self, *answers: bytes | Exception) -> None:
        self.answers = list(answers)

    def exec_run(self, command: list[str]) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(exit_code=0 if answer else 1, output=answer)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boot, "_PAUSE", 0)


def test_an_engine_that_refuses_a_command_for_a_moment_is_asked_again_for_the_host_keys() -> None:
    assert boot.host_keys(Container(APIError("busy"), b"", KEY)) == ["ssh-ed25519 AAAA"]


def test_a_host_without_a_host_key_is_named() -> None:
    with pytest.raises(PkgciError, match=r"install01.*no SSH host key"):
        boot.host_keys(Container(b"", b"", b""), timeout=0)
