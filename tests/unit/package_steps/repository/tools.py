"""Stand-ins for the tools of a publisher: they do to small files what the real ones do to packages.

A package here is a JSON file with what its control data or header says; a signature is a line that names its key.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pkgci_steps.status import Ended, Status


class Killed(BaseException):
    """The program ends here and now, without tidying up."""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Tools:
    """In place of ``Programs``. ``called`` is every command; ``before`` is called with each, and may raise."""

    def __init__(self) -> None:
        self.called: list[list[str]] = []
        self.before: Callable[[list[str]], None] = lambda command: None
        self.build_host: Path | None = None
        self.keys: tuple[str, ...] = ("OLD!",)
        self.installed = "bash\tyes\trequired\tlibc6 (>= 2), libtinfo6\nlibc6\t\toptional\t\nlibtinfo6\t\toptional\t\n"

    @contextmanager
    def attended(self, attend: Callable[[], None]) -> Iterator[None]:
        """As ``Programs`` does, though only afterwards."""
        yield
        attend()

    def run(self, command: Sequence[str | Path], **how: Any) -> int:
        return self._do(command, how.get("folder"))[0]

    def must(self, what: str, command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None) -> None:
        if self._do(command, None)[0] != 0:
            raise Ended(Status.INFRASTRUCTURE, f"could not {what}")

    def output(self, command: Sequence[str | Path], **how: Any) -> tuple[int, bytes]:
        return self._do(command, how.get("folder"))

    def _do(self, command: Sequence[str | Path], folder: Path | None) -> tuple[int, bytes]:
        words = [str(word) for word in command]
        self.called.append(words)
        self.before(words)
        while words[0] in ("prlimit", "unshare") or words[0].startswith("--"):
            words = words[1:]
        name = words[0].rpartition("/")[2].replace("-", "_")
        return getattr(self, f"_{name}")(words[1:], folder or Path.cwd())

    def _pkgci_sign(self, words: list[str], _: Path) -> tuple[int, bytes]:
        _, kind, source, result = words
        signed = sha256(Path(source).read_bytes())
        text = Path(source).read_text() if kind == "clear" else ""
        keys = self.keys[:1] if kind == "repomd" else self.keys
        Path(result).write_text(text + "".join(f"-- {key} signs {signed}\n" for key in keys))
        return 0, b""

    def _rpmsign(self, words: list[str], _: Path) -> tuple[int, bytes]:
        key = next(word for word in words if word.startswith("_gpg_name ")).split()[1]
        for name in words[words.index("--resign") + 1 :]:
            package = json.loads(Path(name).read_text())
            Path(name).write_text(json.dumps({**package, "signed": key}))
        return 0, b""

    def _rpmkeys(self, words: list[str], _: Path) -> tuple[int, bytes]:
        return (0 if Path(words[-1]).read_bytes().startswith(b"{") else 1), b""

    def _rpm(self, words: list[str], _: Path) -> tuple[int, bytes]:
        package = json.loads(Path(words[-1]).read_text())
        package["SHA256HEADER"] = sha256(json.dumps({**package, "signed": ""}).encode())
        form = words[words.index("--queryformat") + 1].replace("\\n", "\n")
        return 0, re.sub(r"%\{([A-Z0-9]+)(:pgpsig)?\}", lambda tag: package.get(tag[1], "(none)"), form).encode()

    def _createrepo_c(self, words: list[str], _: Path) -> tuple[int, bytes]:
        folder, shared = Path(words[words.index("--outputdir") + 1]), Path(words[-1])
        paths = Path(words[words.index("--pkglist") + 1]).read_text().splitlines()
        listed = "".join(f"{path} {sha256((shared / path).read_bytes())}\n" for path in paths)
        name = f"repodata/{sha256(listed.encode())}-primary.xml.gz"
        (folder / "repodata").mkdir()
        (folder / name).write_text(listed)
        (folder / "repodata/repomd.xml").write_text(f'<repomd><location href="{name}"/></repomd>\n')
        return 0, b""

    def _apt_ftparchive(self, words: list[str], folder: Path) -> tuple[int, bytes]:
        kind, place = words[-2:]
        if kind == "release":
            fields = [word.split("::")[-1].replace("=", ": ", 1) for word in words if "::Release::" in word]
            lists = sorted(path for path in folder.rglob("main/**/*") if path.is_file())
            lines = [f" {sha256(path.read_bytes())} {path.stat().st_size} {path.relative_to(folder)}" for path in lists]
            return 0, "\n".join([*fields, "SHA256:", *lines, ""]).encode()
        found = sorted(path for path in (folder / place).rglob("*") if path.name.endswith(SUFFIX[kind]))
        stanzas = [self._stanza(path, folder) for path in found]
        return 0, "\n".join(stanzas).encode()

    def _stanza(self, path: Path, folder: Path) -> str:
        place = path.relative_to(folder)
        if path.suffix == ".dsc":
            words = dict(re.findall(r"^(Source|Version): (.*)$", path.read_text(), re.MULTILINE))
            lines = f"Files:\n {'0' * 32} 1 {path.name}\n"
            return f"Package: {words['Source']}\nVersion: {words['Version']}\nDirectory: {place.parent}\n{lines}"
        control = re.sub("^Source: .*\n", "", json.loads(path.read_text())["control"], flags=re.MULTILINE)
        return f"{control.rstrip()}\nFilename: {place}\nSHA256: {sha256(path.read_bytes())}\n"

    def _dpkg_deb(self, words: list[str], _: Path) -> tuple[int, bytes]:
        try:
            package = json.loads(Path(words[-1]).read_text())
        except ValueError:
            return 2, b""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name in package.get("members", ["./control"]):
                member = tarfile.TarInfo(name)
                member.size = len(package["control"].encode())
                if package.get("link"):
                    member.type, member.linkname, member.size = tarfile.SYMTYPE, package["link"], 0
                tar.addfile(member, io.BytesIO(package["control"].encode()))
        return 0, archive.getvalue()

    def _dpkg_query(self, _words: list[str], _folder: Path) -> tuple[int, bytes]:
        return 0, self.installed.encode()

    def _rsync(self, words: list[str], _: Path) -> tuple[int, bytes]:
        """What is asked for, from the folder that stands for the build host."""
        if self.build_host is None:
            return 255, b""
        wanted = Path(next(word for word in words if word.startswith("--files-from=")).partition("=")[2]).read_text()
        limit = int(next(word for word in words if word.startswith("--max-size=")).partition("=")[2])
        source, copy = self.build_host / words[-2].partition(":")[2], Path(words[-1])
        status = 0
        for name in wanted.splitlines():
            path = source / name
            if not os.path.lexists(path):
                status = 23
            elif path.is_file() and not path.is_symlink() and path.stat().st_size <= limit:
                (copy / name).write_bytes(path.read_bytes())
        return status, b""


SUFFIX = {"packages": (".deb", ".udeb", ".ddeb"), "sources": (".dsc",)}
