"""Not about Python 3: what Zuul vouches for, in files that the publisher reads over HTTPS.

Gearman asks nobody who he is: what a publishing job is told may be somebody else's word. These files are written by
the scheduler alone, from what Gerrit told it over its own connection and from its own build sets:

    tested/BUILD-SET.json   a build set of a pipeline that tests releases: of which change, with which commit and tree;
                            and the result of each job, once all have ended
    merged/CHANGE.json      that a change is merged, and the tree that it gave its branch
"""

import json
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from zuul_py3.hook import mends
from zuul_py3.tools import write
from zuul_py3.upstream import Build, BuildSet, Config, Item, Job, Manager, Record

LOG = logging.getLogger("zuul.vouching")
# Below Zuul's state_dir. The web server serves it (zuul: apache.conf.epp).
FOLDER = "vouched"
_NAME = re.compile(r"[A-Za-z0-9]{1,100}")


def begun(config: Config, item: Item, params: dict[str, Any], tree: str) -> None:
    """Notes a build set that tests a release: what it tests."""
    words = _of_change(item, params)
    _write(_path(config, "tested", params["ZUUL_REF"].rpartition("/")[2]), {**words, "tree": tree, "jobs": {}})


def merged(config: Config, item: Item, params: dict[str, Any], tree: str) -> None:
    """Notes that Gerrit says that a change is merged. ``tree`` is what its branch became with it."""
    data = item.change._data
    if data.get("status") != "MERGED":
        raise ValueError(f"{item.change} is not merged: its status is {data.get('status')}")
    _write(_path(config, "merged", params["ZUUL_CHANGE"]), {**_of_change(item, params), "tree": tree})


def ended(config: Config, build_set: BuildSet, jobs: Iterable[Job]) -> None:
    """Adds to the note of a build set, where there is one, how its ``jobs`` ended."""
    path = _path(config, "tested", build_set.ref)
    if not path.exists():
        return
    note = json.loads(path.read_text(encoding="utf-8"))
    note["jobs"] = {job.name: _ended(job, build_set.getBuild(job.name)) for job in jobs}
    _write(path, note)


def _ended(job: Job, build: Build | None) -> Record:
    return {"result": (build.result if build else None) or "", "voting": bool(job.voting)}


def _of_change(item: Item, params: dict[str, Any]) -> Record:
    names = {"project": "PROJECT", "branch": "BRANCH", "change": "CHANGE", "patchset": "PATCHSET", "commit": "COMMIT"}
    return {"pipeline": item.pipeline.name, **{word: params.get("ZUUL_" + name) for word, name in names.items()}}


def _path(config: Config, kind: str, name: str | None) -> Path:
    if not _NAME.fullmatch(name or ""):
        raise ValueError(f"no note can be called {name!r}")
    return Path(config.get("zuul", "state_dir")) / FOLDER / kind / f"{name}.json"


def _write(path: Path, note: Record) -> None:
    """The web server may read it."""
    write(path, json.dumps(note, indent=2) + "\n", 0o644)


@mends("zuul.scheduler")
def note_results(module: Any) -> None:
    """zuul/scheduler.py:1708: before what has ended is reported, and perhaps merged, its results are noted."""
    cls = module.BasePipelineManager
    report_item = cls._reportItem

    def note_and_report(self: Manager, item: Item) -> Any:
        build_set = item.current_build_set
        if build_set.ref and not getattr(build_set, "noted", False):
            build_set.noted = True
            try:
                ended(self.sched.config, build_set, self.pipeline.getJobs(item))
            except Exception:
                # The change is merged, and not published: promote says that nobody vouches for it.
                LOG.exception("The results of %s are not noted", item.change)
        return report_item(self, item)

    cls._reportItem = note_and_report
