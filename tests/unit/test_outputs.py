"""What an operator names to write to: files, devices, pipes, and folders of rendered files."""

import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from pkgci import outputs
from pkgci.errors import UsageError
from pkgci.outputs import check_output, write_folder, write_output


def test_a_regular_file_is_replaced_as_a_whole_and_keeps_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "order.md"
    file.write_text("old, and longer than the new one")
    file.chmod(0o600)
    link = tmp_path / "link"
    link.symlink_to(file)
    write_output(link, "Łódź\n")
    assert file.read_text(encoding="utf-8") == "Łódź\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "order.md"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")
def test_a_device_is_written_to_and_stays_a_device(tmp_path: Path) -> None:
    node = tmp_path / "null"
    os.mknod(node, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    write_output(node, "text")
    assert stat.S_ISCHR(node.stat().st_mode)


def test_a_link_to_a_device_stays_one(tmp_path: Path) -> None:
    link = tmp_path / "null"
    link.symlink_to("/dev/null")
    write_output(link, "text")
    assert link.is_symlink()
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_output(pipe, "text")
    reader.join()
    assert read == ["text"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_an_open_file_of_this_process_goes_on_where_it_is(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log:
        log.write("before\n")
        log.flush()
        (tmp_path / "link").symlink_to(f"/dev/fd/{log.fileno()}")
        for name in (f"/dev/fd/{log.fileno()}", f"/proc/self/fd/{log.fileno()}", str(tmp_path / "link")):
            write_output(Path(name), "text\n")
        log.write("after\n")
    assert (tmp_path / "log").read_text() == "before\ntext\ntext\ntext\nafter\n"


def test_directories_sockets_and_what_cannot_be_written_are_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(tmp_path)
        listening.bind("s")
        (tmp_path / "file").touch()
        for name, why in ((".", "directory"), ("s", "socket"), ("file/x", "Not a directory")):
            for write in (check_output, lambda path: write_output(path, "text")):
                with pytest.raises(UsageError, match=why):
                    write(tmp_path / name)


def test_a_full_device_is_told_with_its_name() -> None:
    with pytest.raises(UsageError, match=r"/dev/full: No space left"):
        write_output(Path("/dev/full"), "text")


def test_a_file_whose_folder_takes_no_other_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(16, os.strerror(16))

    monkeypatch.setattr(outputs, "write_atomically", refuse)
    (tmp_path / "mounted").write_text("old, and longer than the new one")
    write_output(tmp_path / "mounted", "new")
    assert (tmp_path / "mounted").read_text() == "new"
    with pytest.raises(UsageError, match="busy"):
        write_output(tmp_path / "missing", "new")


def test_a_folder_loses_what_was_made_earlier_and_keeps_what_others_put_there(tmp_path: Path) -> None:
    assert write_folder(tmp_path, {"a/b/1": "1", "a/2": "2", "c/3": "3"}, ()) == 0
    (tmp_path / "c/mine").write_text("mine")
    assert write_folder(tmp_path, {"a/2": "two"}, ("a/b/1", "a/2", "c/3", "never/made")) == 3
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert found == {"a", "a/2", "c", "c/mine"}
    assert (tmp_path / "a/2").read_text() == "two"


def test_a_file_with_secrets_is_for_its_owner_also_where_another_was_for_all(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": "shown to all"}, ())
    write_folder(tmp_path, {"a": "secret"}, (), 0o600)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
