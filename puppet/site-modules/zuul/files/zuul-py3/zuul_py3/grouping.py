"""Not about Python 3: changes with one topic, group/NAME, are checked together, where the site declares the group.

Anybody may give his own change any topic. So a group is what the site file says: a name, and the projects whose changes
count. A change with the topic of another one is told so in words, without a vote. The gate knows no groups: what it
builds stands on nothing but what is ahead in its queue.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zuul_py3 import untested  # noqa: F401 - what it makes of a merge's end comes first
from zuul_py3.hook import mends
from zuul_py3.upstream import Change, Event, Manager

# Group → the projects whose changes count. Puppet writes it (zuul: config.pp); it is read anew for each change.
GROUPS = Path("/etc/zuul/groups.json")
# The pipeline in which groups count, as pkgci's layout calls it.
PIPELINE = "check"
_TOPIC = "group/"


def declared() -> dict[str, list[str]]:
    """The groups of the site, and their projects."""
    try:
        groups: dict[str, list[str]] = json.loads(GROUPS.read_text())
    except FileNotFoundError:
        return {}
    return groups


def topic_of(change: Change) -> str:
    """The name of the group that the topic of a change names; '' where it names none."""
    topic = (getattr(change, "_data", None) or {}).get("topic") or ""
    return topic[len(_TOPIC) :].strip() if topic.startswith(_TOPIC) else ""


def refused(change: Change, groups: Mapping[str, list[str]]) -> str | None:
    """Why a change may not be checked with the group that its topic names, in words; None where it may."""
    name = topic_of(change)
    if not name:
        return None
    remedy = "Take the topic away, or have the site's administrators"
    if name not in groups:
        return f"its topic names the group {_shown(name)}, which the site does not declare. {remedy} declare it"
    project = change.project.name
    if project not in groups[name]:
        return f"its topic names the group {name}, which {project} is not in. {remedy} add it"
    return None


def _shown(name: str) -> str:
    plain = "".join(character if character.isprintable() else "?" for character in name)
    return plain if len(plain) <= 60 else plain[:59] + "…"


@mends("zuul.scheduler")
def check_no_change_with_an_undeclared_group(module: Any) -> None:
    """zuul/scheduler.py:1695: the group of a change is settled with its merge, for all jobs of the build set."""
    cls = module.BasePipelineManager
    completed = cls.onMergeCompleted

    def settle_group(self: Manager, event: Event) -> None:
        build_set = event.build_set
        if self.pipeline.name == PIPELINE and build_set.item.live and not getattr(build_set, "fault", None):
            change = build_set.item.change
            build_set.fault = refused(change, declared())
            build_set.group = None if build_set.fault else topic_of(change) or None
        completed(self, event)

    cls.onMergeCompleted = settle_group
