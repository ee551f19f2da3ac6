"""The steps that a project brings along itself, and not the site: ci/STEP of the change.

They are as strange as any other code of a change, and run as that does: as nobody on the slave, in a bare system
(``bare.py``) that has the slave's programs and a copy of the tree, without a network, within the limits of a build.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..layers import NAMESPACE
from ..limits import limited
from ..namespaces import bare, traversable
from ..processes import nothing_left
from ..settings import WORK
from ..status import Ended, Status
from ..step import Step
from .calling import Outcome
from .task import TOLD, Task

# The tree is unpacked by whom it is to belong to there, and may be changed by its programs. The shell stays: the first
# process there hears no signal, and what that runs does.
_BEGIN = """\
mkdir tree && cd tree && tar --extract --no-same-owner --file "$1" || exit 1
# Without it, it is our fault and not the change's.
echo >"$3"
"$PWD/$2"
"""


def run_the_change(step: Step, task: Task, tree: Path) -> Outcome:
    """Runs the program that the change in ``tree`` brings for the task's step, if it brings one. Raises ``Ended``."""
    name = f"ci/{task.step}"
    program = tree / name
    if not (program.is_file() and os.access(program, os.X_OK)):
        return Outcome(Status.PASSED, f"there is nothing to do: the change has no program {name}")
    told = {variable: task.values[variable] for variable in TOLD if variable in task.values}
    step.log.say(f"running {name}")
    try:
        status = _run(step, tree, name, told)
    except Ended as ended:
        if ended.status is Status.FAILED:
            return Outcome(ended.status, f"{name}: {ended.reason}")
        raise
    # Whatever status it picks: it is the change's word, and says nothing of our machines.
    if status < 0:
        return Outcome(Status.FAILED, f"{name} was ended by signal {-status}")
    if status > 0:
        return Outcome(Status.FAILED, f"{name} ended with exit status {status}")
    return Outcome(Status.PASSED, f"{name} ended well")


def _run(step: Step, tree: Path, name: str, told: dict[str, str]) -> int:
    """The exit status of the program ``name`` of ``tree``."""
    minutes = step.settings.limits.minutes
    with traversable(step, WORK) as folder, nothing_left(), limited(step, folder, "step", minutes):
        room, packed, begun = folder / "room", folder / "tree.tar", folder / "begun"
        room.mkdir()
        room.chmod(0o777)
        step.programs.must("pack the tree", ["tar", "--create", "--file", packed, "--directory", tree, "."])
        packed.chmod(0o644)
        # Whoever works there may write to it, and cannot take that back: its owner alone sets a time of the past.
        begun.touch()
        begun.chmod(0o666)
        os.utime(begun, (0, 0))
        begin = [*bare(room, NAMESPACE), "sh", "-c", _BEGIN, "sh", packed, name, begun]
        status = step.programs.run(begin, environment={**told, "HOME": "/tmp"}, folder=room)  # noqa: S108 (its own)
        if begun.stat().st_mtime == 0:
            raise Ended(Status.INFRASTRUCTURE, f"no place can be made for {name} to run in: see above")
    return status
