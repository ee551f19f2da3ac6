"""The store of logs: which folders are builds', and how they are opened."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_NAME = r"[A-Za-z0-9_+][A-Za-z0-9._+@=,~-]{0,199}"
_BUILD = rf"(?P<pipeline>{_NAME})/(?P<job>{_NAME})/(?P<build>[0-9a-f]{{7,32}})"
# What Zuul calls the folder of a build: of a change, of a ref that was updated, of what a clock started.
_SHAPES = tuple(
    re.compile(rf"{subject}{_BUILD}")
    for subject in (
        r"(?P<tail>[0-9]{1,2})/(?P<change>[0-9]{1,18})/(?P<patchset>[0-9]{1,9})/",
        r"(?P<head>[0-9a-f]{2})/(?P<revision>[0-9a-f]{40})/",
        r"",
    )
)
DEPTH = 6  # the longest of them
CONSOLE, JOB, RESULT = "console.txt", "job.json", "result.json"


class Refused(Exception):  # noqa: N818 (it is an answer)
    """What is asked for is not allowed. The text is for who asks."""


@dataclass(frozen=True)
class BuildPath:
    """The folder of a build. What it does not say is ''."""

    text: str
    pipeline: str
    job: str
    build: str
    change: str = ""
    patchset: str = ""

    @property
    def subject(self) -> str:
        """The folder of everything that belongs together: of the change, of the ref, or of the pipeline."""
        return "/".join(self.text.split("/")[: {6: 2, 5: 2}.get(self.text.count("/") + 1, 1)])

    @property
    def above(self) -> tuple[str, ...]:
        """The folders between the subject's, which comes first, and the build's."""
        words = self.text.split("/")
        return tuple("/".join(words[:count]) for count in range(self.subject.count("/") + 1, len(words)))


def build_path(text: str) -> BuildPath:
    """Raises ``Refused`` for what is not the folder of a build."""
    for shape in _SHAPES:
        match = shape.fullmatch(text)
        if match and ".." not in text:
            words = {name: text for name, text in match.groupdict().items() if name not in ("tail", "head", "revision")}
            if "change" in words and not words["change"].endswith(match["tail"]):
                continue
            return BuildPath(text, **words)
    raise Refused(f"not the folder of a build: {text[:200]!a}")


@dataclass(frozen=True)
class Store:
    """``logs`` has what was sent. ``state`` is where nobody sends anything: pages, and whose a growing log is."""

    logs: Path
    state: Path

    @property
    def pages(self) -> Path:
        return self.state / "pages"

    @property
    def known(self) -> Path:
        """What is known of builds that have ended, in few words."""
        return self.state / "known"

    @property
    def streams(self) -> Path:
        return self.state / "streams"

    def opened(self, path: BuildPath) -> int:
        """The folder, made where it is missing, as a file descriptor. No link is followed on the way."""
        return opened_below(os.open(self.logs, os.O_RDONLY | os.O_DIRECTORY), path.text.split("/"))

    def builds(self, below: str = "") -> Iterator[BuildPath]:
        """All folders of builds below a folder, in no order."""
        for name in _folders(self.logs / below):
            inner = f"{below}/{name}" if below else name
            try:
                yield build_path(inner)
            except Refused:
                if inner.count("/") + 1 < DEPTH:
                    yield from self.builds(inner)


def opened_below(folder: int, names: Sequence[str]) -> int:
    """The folder at ``names`` below ``folder``, which is closed, made where it is missing. No link is followed."""
    for name in names:
        try:
            with suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=folder)
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            raise Refused(f"not a folder: {name}") from None
        finally:
            os.close(folder)
        folder = inner
    return folder


def open_up(folder: Path) -> None:
    """Lets everybody read what was sent, and its owner remove it, whatever modes came with it."""
    if stat.S_IMODE(folder.lstat().st_mode) != 0o755:
        folder.chmod(0o755)
    for path, folders, files in os.walk(folder):
        for name, mode in (*((name, 0o755) for name in folders), *((name, 0o644) for name in files)):
            entry = Path(path, name)
            kept = entry.lstat().st_mode
            if not stat.S_ISLNK(kept) and stat.S_IMODE(kept) != mode:
                entry.chmod(mode)


def _folders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:  # the clean-up was there first
        return []
