"""Files that pkgci writes: whole or not at all, with the permissions of what was there, one writer at a time."""

import multiprocessing
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgci import files, locks
from pkgci.errors import UsageError
from pkgci.files import rewrite, write_atomically
from pkgci.folders import make_folder
from pkgci.locks import lock_or_fail, lock_or_wait
from pkgci.paths import beside


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield int(request.param)
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_and_its_folders_can_be_written_by_their_owner_only(tmp_path: Path, umask: int) -> None:
    file = tmp_path / "a/b/file"
    write_atomically(file, "text")
    assert mode(file) == 0o644 & ~umask
    assert [mode(folder) for folder in (file.parent, file.parent.parent)] == [0o755 & ~umask] * 2


def test_a_secret_is_readable_by_its_owner_only_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    file = tmp_path / "key"
    file.write_text("old")
    file.chmod(0o644)
    write_atomically(file, "secret", 0o600)
    assert (mode(file), file.read_text()) == (0o600, "secret")


def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path, umask: int) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    file.chmod(0o640)
    write_atomically(file, "new")
    assert (mode(file), file.read_text()) == (0o640, "new")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_that_is_replaced_keeps_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    os.chown(file, 1234, 2345)
    write_atomically(file, "new")
    assert (file.stat().st_uid, file.stat().st_gid, file.read_text()) == (1234, 2345, "new")


@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_is_followed_and_stays(tmp_path: Path, exists: bool) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere/file", tmp_path / "link"
    if exists:
        target.write_text("old")
    link.symlink_to("elsewhere/file")
    write_atomically(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_links_in_a_circle_are_an_error_that_names_the_file(tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / one).symlink_to(other)
    with pytest.raises(OSError, match=r"a'$"):
        write_atomically(tmp_path / "a", "text")


def test_a_full_disk_leaves_what_was_there_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    file = tmp_path / "file"
    file.write_text("old")
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left.*file'$"):
        write_atomically(file, "new")
    with pytest.raises(OSError, match="No space left"):
        rewrite(tmp_path / "other", lambda _: "new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert file.read_text() == "old"


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file'"):
        make_folder(tmp_path / "file/folder")


def test_a_text_is_rewritten_and_bytes_that_are_no_utf_8_stay(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_bytes(b"# f\xfcr alle\r\n")
    rewrite(file, lambda text: text + "Łódź\n")
    assert file.read_bytes() == b"# f\xfcr alle\r\n" + "Łódź\n".encode()


def test_a_file_that_would_be_empty_is_removed_and_one_that_is_missing_not_made(tmp_path: Path) -> None:
    file = tmp_path / "file"
    rewrite(file, lambda text: text)
    assert not file.exists()
    rewrite(file, lambda _: "text")
    rewrite(file, lambda _: "")
    assert not file.exists()


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    def fail(_: str) -> str:
        raise UsageError("no")

    for name, before in (("there", "text"), ("missing", None)):
        file = tmp_path / name
        if before is not None:
            file.write_text(before)
        with pytest.raises(UsageError):
            rewrite(file, fail)
        assert (file.read_text() if file.exists() else None) == before


def _count(path: Path, times: int) -> None:
    for _ in range(times):
        rewrite(path, lambda text: f"{int(text or 0) + 1}")


def test_no_process_and_no_thread_loses_what_another_has_written(tmp_path: Path) -> None:
    file = tmp_path / "count"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_count, args=(file, 15)) for _ in range(3)]
    threads = [threading.Thread(target=_count, args=(file, 15)) for _ in range(2)]
    for worker in (*workers, *threads):
        worker.start()
    for worker in (*workers, *threads):
        worker.join()
    assert file.read_text() == "75"


def test_a_lock_that_another_holds_is_waited_for_or_refused(tmp_path: Path) -> None:
    file = tmp_path / "folder/lock"
    waited = threading.Event()

    def wait() -> None:
        with lock_or_wait(file):
            waited.set()

    with lock_or_fail(file):
        with pytest.raises(BlockingIOError), lock_or_fail(file):
            pass
        thread = threading.Thread(target=wait)
        thread.start()
        assert not waited.wait(0.05)
    thread.join()
    assert waited.is_set()


def test_a_file_that_is_read_only_can_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lock").touch()
    opened = os.open

    def read_only(path: Path, flags: int, *rest: int) -> int:
        if flags & os.O_RDWR:
            raise OSError(30, os.strerror(30), str(path))
        return opened(path, flags, *rest)

    monkeypatch.setattr(locks.os, "open", read_only)
    with lock_or_fail(tmp_path / "lock"), pytest.raises(BlockingIOError), lock_or_fail(tmp_path / "lock"):
        pass
    with pytest.raises(OSError, match="Read-only"), lock_or_fail(tmp_path / "other"):
        pass


def test_where_a_file_system_has_no_locks_nobody_is_kept_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: int) -> None:
        raise OSError(37, os.strerror(37))

    monkeypatch.setattr(locks.fcntl, "flock", none)
    rewrite(tmp_path / "file", lambda _: "text")
    assert (tmp_path / "file").read_text() == "text"


def test_a_path_below_a_home_that_is_not_there_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    assert beside(Path("/site"), "keys/a") == Path("/site/keys/a")
    with pytest.raises(UsageError, match="home"):
        beside(Path("/site"), "~/key")
