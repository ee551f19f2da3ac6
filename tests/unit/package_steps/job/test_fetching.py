"""A job's fetch from Zuul's web server: one that is silent while it packs a big repository is waited for."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pkgci_steps.job import fetching
from pkgci_steps.job.trees import Wanted
from pkgci_steps.log import Log
from pkgci_steps.programs import Stop

COMMIT = "1" * 40


class Recorder:
    """Runs nothing; has what git was asked, and for how long it may take."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.asked: list[tuple[list[str], float]] = []

    def run(self, command: Sequence[str], *, environment: Any, seconds: float) -> int:
        self.asked.append((list(command), seconds))
        if "fetch" in command:
            (self.tree / ".git").mkdir()
            (self.tree / ".git/FETCH_HEAD").write_text(f"{COMMIT}\t\tbranch\n")
        return 0


def test_a_server_is_given_up_after_ten_minutes_of_silence_not_for_slowness(tmp_path: Path) -> None:
    # git's server says a byte a second while it packs (uploadpack.keepAlive): that is no silence.
    wanted = Wanted("https://zuul/p", "refs/zuul/main/Z1", COMMIT)
    recorder: Any = Recorder(tmp_path / "tree")
    fetching.fetch(wanted, recorder.tree, recorder, Log(io.BytesIO(), "job"), Stop())
    (command, seconds) = next(asked for asked in recorder.asked if "fetch" in asked[0])
    assert {"http.lowSpeedLimit=1", "http.lowSpeedTime=600"} <= set(command)
    assert seconds > 600
