"""What the upload key may do, and what it may not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pkgci_logs.receive import receive
from pkgci_logs.store import Refused, Store

from tests.unit.logs.conftest import LIBRARY

PATH = "12/3412/3/check/job/0123abc"


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "id",
        "append",
        "append /etc",
        f"append {PATH} more",
        f"append {PATH};id",
        "append ../../etc/cron.d/x/0123abc",
        f"sh -c 'append {PATH}'",
        "rsync --daemon .",
        "rsync --server . .",
        "rsync --server -r . ../..",
        f"rsync --server --sender -r . {PATH}/../..",
        "rsync --server -r . /etc/",
    ],
)
def test_what_is_asked_for_beside_that_is_refused(store: Store, asked: str) -> None:
    with pytest.raises(Refused):
        receive(store, asked, ("/bin/false",))
    assert list(store.logs.iterdir()) == []


def test_files_come_by_rsync_below_the_store_and_the_pages_show_them(store: Store) -> None:
    folder = store.logs / PATH
    result = '{"status": "failed", "reason": "no", "project": "a/b"}'
    sent = f"test $1 = {store.logs} && echo '{result}' > {folder}/result.json; exit 23"
    status = receive(store, f"rsync --server -rte.iLsfxCIvu . {PATH}/", ("/bin/sh", "-c", sent, "rrsync"))
    assert status == 23
    assert "failed" in (store.pages / "12/3412/index.html").read_text()


def test_pages_that_cannot_be_made_do_not_fail_an_upload(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store.pages.rmdir()
    store.pages.write_text("no folder")
    assert receive(store, f"rsync --server . {PATH}", ("/bin/true",)) == 0
    assert "its pages are not up to date" in capsys.readouterr().err


def test_a_refusal_is_one_line_and_a_status_that_says_for_good(tmp_path: Path) -> None:
    program = f"import sys; sys.path.insert(0, {str(LIBRARY)!r}); from pkgci_logs.receive import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-Bc", program, str(tmp_path), str(tmp_path)],
        env={"SSH_ORIGINAL_COMMAND": "id"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("refused: this key adds logs") and done.stderr.count("\n") == 1
