"""Stand-ins for the tools of a publisher: they do to small files what the real ones do to packages.

Packages are real ones (``debs``, ``rpms``); a signature is a line, or a tag, that names its key.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pkgci_steps.repository import rpm_file
from pkgci_steps.status import Ended, Status

from . import debs, rpms


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
        self.installed = (
            "bash\tyes\trequired\tbash\tlibc6 (>= 2), libtinfo6\nlibc6\t\toptional\tglibc\t\n"
            "libtinfo6\t\toptional\tncurses\t\n"
        )

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
            Path(name).write_bytes(rpms.sign(Path(name).read_bytes(), key))
        return 0, b""

    def _rpmkeys(self, words: list[str], _: Path) -> tuple[int, bytes]:
        return (0 if Path(words[-1]).read_bytes().startswith(b"\xed\xab\xee\xdb") else 1), b""

    def _rpm(self, words: list[str], _: Path) -> tuple[int, bytes]:
        path = Path(words[-1])
        header = rpm_file.read(path, is_signed=True)
        values = {name: header.text(tag) for name, (tag, kind) in rpms.TAGS.items() if kind == rpms.STRING}
        values["EPOCHNUM"] = str(next(iter(header.numbers(rpm_file.EPOCH)), 0))
        values["SOURCEPACKAGE"] = "1" if rpm_file.SOURCE_PACKAGE in header.tags else ""
        values["SHA256HEADER"] = header.sha256
        values["RSAHEADER"] = "RSA/SHA256" if rpms.signature_of(path.read_bytes()) else ""
        form = words[words.index("--queryformat") + 1].replace("\\n", "\n")
        return 0, re.sub(r"%\{([A-Z0-9]+)(:pgpsig)?\}", lambda tag: values.get(tag[1], "") or "(none)", form).encode()

    def _createrepo_c(self, words: list[str], _: Path) -> tuple[int, bytes]:
        folder, shared = Path(words[words.index("--outputdir") + 1]), Path(words[-1])
        paths = Path(words[words.index("--pkglist") + 1]).read_text().splitlines()
        (folder / "repodata").mkdir()
        names = ""
        for kind, text in described(shared, paths).items():
            name = f"repodata/{sha256(text.encode())}-{kind}.xml.gz"
            (folder / name).write_bytes(gzip.compress(text.encode(), mtime=0))
            names += f'<location href="{name}"/>'
        (folder / "repodata/repomd.xml").write_text(f"<repomd>{names}</repomd>\n")
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
        place, checksum, size = path.relative_to(folder), sha256(path.read_bytes()), path.stat().st_size
        if path.suffix == ".dsc":
            text = path.read_text().rstrip().replace("Source: ", "Package: ", 1)
            text = text.replace("Checksums-Sha256:\n", f"Checksums-Sha256:\n {checksum} {size} {path.name}\n")
            text = text.replace("\nFiles:\n", f"\nFiles:\n {'0' * 32} {size} {path.name}\n")
            return f"{text}\nDirectory: {place.parent}\n"
        control = debs.control_of(path.read_bytes()).rstrip()
        return f"{control}\nFilename: {place}\nSize: {size}\nSHA256: {checksum}\n"

    def _dpkg_deb(self, words: list[str], _: Path) -> tuple[int, bytes]:
        return 0, debs.control_of(Path(words[-2]).read_bytes()).encode()

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


def described(shared: Path, paths: Iterable[str]) -> dict[str, str]:
    """What createrepo_c says of packages: primary and filelists."""
    primary, files = "", ""
    for path in paths:
        header = rpm_file.read(shared / path, is_signed=True)
        checksum, size = sha256((shared / path).read_bytes()), (shared / path).stat().st_size
        epoch = next(iter(header.numbers(rpm_file.EPOCH)), 0)
        architecture = "src" if rpm_file.SOURCE_PACKAGE in header.tags else header.text(rpm_file.ARCH)
        relations = "".join(
            f"<rpm:{word.lower()}>" + "".join(f'<rpm:entry name="{n}"/>' for n in names) + f"</rpm:{word.lower()}>"
            for word, tags in rpm_file.RELATIONS.items()
            if (names := header.texts(tags[0]))
        )
        primary += (
            f"<package><name>{header.text(rpm_file.NAME)}</name><arch>{architecture}</arch>"
            f'<version epoch="{epoch}" ver="{header.text(rpm_file.VERSION)}" rel="{header.text(rpm_file.RELEASE)}"/>'
            f'<checksum type="sha256">{checksum}</checksum><size package="{size}"/><location href="{path}"/>'
            f"<format><rpm:sourcerpm>{header.text(rpm_file.SOURCE_RPM)}</rpm:sourcerpm>{relations}</format></package>"
        )
        listed = "".join(f"<file>{name}</file>" for name in header.paths())
        files += f'<package pkgid="{checksum}">{listed}</package>'
    name = "http://linux.duke.edu/metadata"
    return {
        "primary": f'<metadata xmlns="{name}/common" xmlns:rpm="{name}/rpm">{primary}</metadata>',
        "filelists": f'<filelists xmlns="{name}/filelists">{files}</filelists>',
    }


SUFFIX = {"packages": (".deb", ".udeb", ".ddeb"), "sources": (".dsc",)}
