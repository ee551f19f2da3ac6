"""What the stand-in does of a freestyle job's config.xml."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..xml_text import XmlError, parse_xml


@dataclass(frozen=True)
class Parameter:
    """A parameter that a job declares."""

    name: str
    default: str
    description: str = ""
    kind: str = "StringParameterDefinition"


@dataclass(frozen=True)
class Shell:
    """A shell builder. ``unstable`` is the exit status that makes a build unstable, if there is one."""

    command: str
    unstable: int | None = None


@dataclass(frozen=True)
class Archive:
    """What a build keeps of its workspace: Ant patterns, separated by commas."""

    patterns: str
    excludes: str = ""
    allow_empty: bool = False
    only_if_successful: bool = False


@dataclass(frozen=True)
class Timeout:
    """When a build is ended: seconds after its start or, where ``idle``, its last line. ``fail``: as a failure."""

    seconds: float
    idle: bool = False
    fail: bool = False


@dataclass(frozen=True)
class Retention:
    """How long builds are kept: days, and how many. None: no limit."""

    days: int | None = None
    builds: int | None = None


@dataclass(frozen=True)
class Definition:
    """A freestyle job. ``not_done`` are parts that the stand-in leaves out, ``impossible`` those that fail a build."""

    description: str = ""
    disabled: bool = False
    concurrent: bool = False
    label: str | None = None
    parameters: tuple[Parameter, ...] = ()
    builders: tuple[Shell, ...] = ()
    archives: tuple[Archive, ...] = ()
    timeout: Timeout | None = None
    retention: Retention = Retention()
    clean_before: bool = False
    clean_after: bool = False
    not_done: tuple[str, ...] = ()
    impossible: tuple[str, ...] = ()

    def passed(self, given: Mapping[str, str]) -> dict[str, str]:
        """The parameters of a build: what is ``given`` of the declared ones, and no default of one that is not."""
        return {parameter.name: given[parameter.name] for parameter in self.parameters if parameter.name in given}

    def undeclared(self, given: Mapping[str, str]) -> list[str]:
        """What is ``given``, and dropped because the job does not declare it."""
        return sorted(set(given) - {parameter.name for parameter in self.parameters})

    def with_defaults(self, given: Mapping[str, str]) -> dict[str, str]:
        """The parameters of a build that a page or the REST API begins: the declared ones, ``given`` or by default."""
        return {parameter.name: given.get(parameter.name, parameter.default) for parameter in self.parameters}


# Wrappers that change only how the console looks, or what the stand-in does anyway.
_HARMLESS = frozenset(
    {"hudson.plugins.timestamper.TimestamperBuildWrapper", "hudson.plugins.ansicolor.AnsiColorBuildWrapper"}
)
_CLEAN_BEFORE = "hudson.plugins.ws__cleanup.PreBuildCleanup"
_CLEAN_AFTER = "hudson.plugins.ws__cleanup.WsCleanup"
_TIMEOUT = "hudson.plugins.build__timeout.BuildTimeoutWrapper"
_SHELL = "hudson.tasks.Shell"
_ARCHIVER = "hudson.tasks.ArtifactArchiver"


def parse_definition(content: bytes) -> Definition:
    """The job that ``content``, a config.xml, describes. Raises ``XmlError`` where it is none of a freestyle job."""
    root = parse_xml(content)
    if root.tag != "project":
        raise XmlError(f"<{root.tag}> is no freestyle job; pkgci's stand-in for Jenkins runs freestyle jobs only")
    wrappers = list(root.find("buildWrappers") or ())
    publishers = list(root.find("publishers") or ())
    builders = list(root.find("builders") or ())
    source = root.find("scm")
    source_class = source.get("class", "") if source is not None else ""
    known_wrappers = {_CLEAN_BEFORE, _TIMEOUT, *_HARMLESS}
    return Definition(
        description=root.findtext("description") or "",
        disabled=_flag(root, "disabled"),
        concurrent=_flag(root, "concurrentBuild"),
        label=(root.findtext("assignedNode") or "").strip() or None,
        parameters=tuple(_parameters(root)),
        builders=tuple(_shell(item) for item in builders if item.tag == _SHELL),
        archives=tuple(_archive(item) for item in publishers if item.tag == _ARCHIVER),
        timeout=next((_timeout(item) for item in wrappers if item.tag == _TIMEOUT), None),
        retention=_retention(root),
        clean_before=any(item.tag == _CLEAN_BEFORE for item in wrappers),
        clean_after=any(item.tag == _CLEAN_AFTER for item in publishers),
        not_done=(
            *(item.tag for item in wrappers if item.tag not in known_wrappers),
            *(item.tag for item in publishers if item.tag not in (_ARCHIVER, _CLEAN_AFTER)),
        ),
        impossible=(
            *(item.tag for item in builders if item.tag != _SHELL),
            *([source_class] if source_class not in ("", "hudson.scm.NullSCM", "jenkins.scm.NullSCM") else []),
        ),
    )


def _parameters(root: ElementTree.Element) -> Iterator[Parameter]:
    for item in root.findall("properties/hudson.model.ParametersDefinitionProperty/parameterDefinitions/*"):
        kind = item.tag.rpartition(".")[2]
        default = item.findtext("defaultValue") or ""
        if kind == "ChoiceParameterDefinition":
            choice = next(item.iter("string"), None)
            default = (choice.text or "") if choice is not None else ""
        elif kind == "BooleanParameterDefinition":
            default = default.strip().lower() or "false"
        yield Parameter((item.findtext("name") or "").strip(), default, item.findtext("description") or "", kind)


def _shell(item: ElementTree.Element) -> Shell:
    unstable = (item.findtext("unstableReturn") or "").strip()
    return Shell(item.findtext("command") or "", int(unstable) if unstable.isdecimal() and int(unstable) else None)


def _archive(item: ElementTree.Element) -> Archive:
    return Archive(
        item.findtext("artifacts") or "",
        item.findtext("excludes") or "",
        allow_empty=_flag(item, "allowEmptyArchive"),
        only_if_successful=_flag(item, "onlyIfSuccessful"),
    )


def _timeout(item: ElementTree.Element) -> Timeout | None:
    strategy = item.find("strategy")
    fail = item.find("operationList/hudson.plugins.build__timeout.operations.FailOperation") is not None
    if strategy is None:
        return None
    kind = strategy.get("class", "").rpartition(".")[2]
    if kind == "AbsoluteTimeOutStrategy":
        return Timeout(60.0 * max(3, _number(strategy.findtext("timeoutMinutes")) or 3), fail=fail)
    if kind == "NoActivityTimeOutStrategy":
        seconds = _number(strategy.findtext("timeoutSecondsString") or strategy.findtext("timeout"))
        return Timeout(float(seconds or 180), idle=True, fail=fail)
    return None


def _retention(root: ElementTree.Element) -> Retention:
    strategy = root.find("properties/jenkins.model.BuildDiscarderProperty/strategy")
    if strategy is None:
        strategy = root.find("logRotator")
    if strategy is None:
        return Retention()
    return Retention(_number(strategy.findtext("daysToKeep")), _number(strategy.findtext("numToKeep")))


def _number(text: str | None) -> int | None:
    """A positive number, or None: -1 and no text mean that there is no limit."""
    stripped = (text or "").strip()
    return int(stripped) if stripped.isdecimal() and int(stripped) > 0 else None


def _flag(item: ElementTree.Element, tag: str) -> bool:
    return (item.findtext(tag) or "").strip().lower() == "true"


def with_disabled(content: bytes, disabled: bool) -> bytes:
    """``content``, a config.xml, with its ``disabled`` element set: nothing else in it changes."""
    word = b"true" if disabled else b"false"
    start, found, rest = content.partition(b"<disabled>")
    if found:
        return start + found + word + rest[rest.index(b"</disabled>") :]
    head, end, tail = content.rpartition(b"</project>")
    return head + b"  <disabled>" + word + b"</disabled>\n" + end + tail
