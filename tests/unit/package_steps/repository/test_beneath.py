"""What another account left is opened by its name, and nothing else is, wherever a link leads."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from pkgci_steps.repository import beneath


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "top/inner").mkdir(parents=True)
    (tmp_path / "top/inner/file").write_text("content")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "top/link").symlink_to("inner")
    (tmp_path / "top/inner/link").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "top/inner/pipe")
    return tmp_path / "top"


def test_a_plain_file_is_read_compared_and_copied(top: Path, tmp_path: Path) -> None:
    checksum = hashlib.sha256(b"content").hexdigest()
    assert beneath.text(top, "inner/file", 7) == b"content"
    assert beneath.checksum(top, "inner/file", 7) == checksum
    assert beneath.copy(top, "inner/file", tmp_path / "copy", 7) == checksum
    assert (tmp_path / "copy").read_text() == "content"


@pytest.mark.parametrize(
    "path", ["link/file", "inner/link", "inner/pipe", "inner", "../secret", "/etc/passwd", "", "no"]
)
def test_nothing_else_is_opened_and_nobody_waits_for_it(top: Path, path: str) -> None:
    with pytest.raises(OSError):
        beneath.text(top, path, 100)


def test_what_is_larger_than_it_may_be_is_not_read_to_its_end(top: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="more than 3 bytes"):
        beneath.text(top, "inner/file", 3)
    assert beneath.checksum(top, "inner/file", 3) == hashlib.sha256(b"cont").hexdigest()
    beneath.copy(top, "inner/file", tmp_path / "copy", 3)
    assert (tmp_path / "copy").read_text() == "cont"
