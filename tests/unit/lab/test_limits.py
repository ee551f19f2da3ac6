"""What many hosts on one kernel run short of."""

from pathlib import Path

import pytest

from pkgci.errors import PkgciError
from pkgci.lab.limits import ensure_inotify


def test_enough_inotify_instances_are_left_as_they_are(tmp_path: Path) -> None:
    setting = tmp_path / "max_user_instances"
    setting.write_text("128\n")
    assert ensure_inotify(16, setting) is None
    assert setting.read_text() == "128\n"


def test_too_few_inotify_instances_are_raised_and_said_so(tmp_path: Path) -> None:
    setting = tmp_path / "max_user_instances"
    setting.write_text("128\n")
    assert "raised from 128 to 1024" in str(ensure_inotify(17, setting))
    assert setting.read_text() == "1024\n"


def test_a_user_who_may_not_raise_them_is_told_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    setting = tmp_path / "max_user_instances"
    setting.write_text("128\n")

    def forbid(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_text", forbid)
    with pytest.raises(PkgciError, match="17 lab hosts need about 136 inotify instances") as error:
        ensure_inotify(17, setting)
    assert "sysctl -w fs.inotify.max_user_instances=1024" in str(error.value.hint)


def test_a_kernel_that_does_not_tell_is_believed(tmp_path: Path) -> None:
    assert ensure_inotify(1000, tmp_path / "absent") is None
