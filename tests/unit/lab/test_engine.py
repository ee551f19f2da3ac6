"""What a user is told where the engine is not to be had."""

from pathlib import Path

import pytest

from pkgci.errors import ExitStatus, NothingReachedError, PkgciError
from pkgci.lab.engine import connect, refusals


def refusal(monkeypatch: pytest.MonkeyPatch, address: str) -> NothingReachedError:
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(NothingReachedError) as error:
        connect()
    assert error.value.status is ExitStatus.NOTHING_REACHED
    return error.value


def test_without_docker_the_user_is_told_to_install_or_start_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    error = refusal(monkeypatch, f"unix://{tmp_path}/none.sock")
    assert "socket does not exist" in error.message
    assert "systemctl start docker" in str(error.hint)


def test_a_docker_that_is_not_running_is_to_be_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/dead.sock")
    assert "does not answer" in refusal(monkeypatch, f"unix://{tmp_path}/dead.sock").message


def test_a_docker_that_forbids_this_user_names_the_docker_group(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("socket.socket.connect", forbid)
    error = refusal(monkeypatch, "unix:///any.sock")
    assert "may not use it" in error.message
    assert "usermod -aG docker" in str(error.hint)


def test_an_engine_that_goes_away_in_the_middle_is_no_traceback() -> None:
    from requests.exceptions import ConnectionError

    with (
        pytest.raises(PkgciError, match="lost the container engine while it was to make a host"),
        refusals("make a host"),
    ):
        raise ConnectionError("gone")
