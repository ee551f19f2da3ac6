"""What the upload key may do, and what it may not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pkgci_logs import pages
from pkgci_logs.receive import receive
from pkgci_logs.room import Room
from pkgci_logs.store import Refused, Store

from tests.unit.logs.conftest import KEY, LIBRARY, PATH, opening

RESULT = b'{"status": "failed", "reason": "no", "project": "a/b"}'


def said(words: bytes) -> int:
    """A client that says this, and hangs up."""
    read, write = os.pipe()
    os.write(write, words)
    os.close(write)
    return read


def sent(*files: tuple[str, bytes]) -> bytes:
    """What a client says to send files."""
    return opening() + b"".join(f"file {len(text)} {name}\n".encode() + text for name, text in files) + b"end\n"


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "id",
        "append",
        "append /etc",
        f"append {PATH} more",
        f"append {PATH};id",
        f"append {PATH}/",
        f"append  {PATH}",
        f"append\t{PATH}",
        f"append {PATH}\n",
        "append ../../etc/cron.d/x/0123abc",
        "append outside\\ 03/203/1/check/job/0123abc",
        "upload 'outside 03/203/1/check/job/0123abc'",
        "upload 0[3]/203/1/check/job/0123abc",
        "upload 03/203/1/check/*/0123abc",
        f"upload --mkpath {PATH}",
        f"sh -c 'append {PATH}'",
        "rsync --daemon .",
        "rsync --server . .",
        f"rsync --server -rte.iLsfxCIvu . {PATH}/",
        f"rsync --server --sender -r . {PATH}/",
        "scp -t .",
    ],
)
def test_nothing_but_one_word_and_a_builds_folder_is_ever_read_of_what_a_client_asks_for(
    room: Room, asked: str
) -> None:
    with pytest.raises(Refused):
        receive(room, asked, KEY, said(sent(("a", b"x"))))
    assert list(room.store.logs.iterdir()) == []


def test_files_come_below_the_store_and_the_pages_show_them(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    assert receive(room, f"upload {PATH}", KEY, said(sent(("result.json", RESULT)))) == 0
    assert capsys.readouterr().out == "ready\nsend\nkept 1\n"
    assert (room.store.logs / PATH / "result.json").read_bytes() == RESULT
    assert "failed" in (room.store.pages / "12/3412/index.html").read_text()


@pytest.mark.parametrize("fault", [OSError("no folder"), ValueError("a lone surrogate"), RecursionError("too deep")])
def test_whatever_pages_cannot_be_made_an_upload_is_kept(
    room: Room, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fault: Exception
) -> None:
    def broken(store: Store, path: object) -> None:
        raise fault

    monkeypatch.setattr(pages, "show", broken)
    assert receive(room, f"upload {PATH}", KEY, said(sent(("result.json", RESULT)))) == 0
    assert "its pages are not up to date" in capsys.readouterr().err


def program(folder: Path, asked: str, key: Path) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(LIBRARY)!r}); from pkgci_logs.receive import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-Bc", code, str(folder), str(folder), str(key), "50000"],
        env={"SSH_ORIGINAL_COMMAND": asked},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_a_refusal_is_one_line_and_a_status_that_says_for_good(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(KEY)
    done = program(tmp_path, "id", tmp_path / "key")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("refused: this key adds logs") and done.stderr.count("\n") == 1


def test_without_the_key_of_the_tokens_nothing_is_taken_and_that_is_no_refusal_for_good(tmp_path: Path) -> None:
    done = program(tmp_path, f"append {PATH}", tmp_path / "key")
    assert (done.returncode, done.stderr) == (1, "not now: No such file or directory\n")
