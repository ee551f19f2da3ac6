"""jenkins-job-builder as a library: from definitions to the XML that Jenkins takes.

JJB's settings are pkgci's own (``jjb.ini``), never those of the machine; it asks no server for its plugins.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from pkgci.errors import PkgciError, UsageError

_SETTINGS = Path(__file__).with_name("jjb.ini")
_HINT = "the words are jenkins-job-builder's; its manual lists the modules and their attributes"


@dataclass(frozen=True)
class Built:
    """A job as JJB builds it: its name, the root of its config.xml, and the FILE:LINE:COLUMN that defines it."""

    name: str
    root: ElementTree.Element
    place: str


def build(
    files: Sequence[Path], projects: Iterable[Mapping[str, Any]], plugins: Mapping[str, str]
) -> tuple[Built, ...]:
    """The jobs that the JJB ``files`` (or folders of them) and the ``projects`` define, in their order.

    ``projects`` are JJB `project` elements as data, for the templates in ``files``. ``plugins`` are the versions of
    Jenkins' plugins, for which JJB writes; of others it takes the newest. Raises ``UsageError`` with JJB's own words,
    and file, line and column, where it refuses something.
    """
    _be_quiet()
    from jenkins_jobs.errors import JenkinsJobsException  # type: ignore[import-untyped]

    try:
        with warnings.catch_warnings():
            # JJB stands on pkg_resources, which calls itself deprecated at each import.
            warnings.simplefilter("ignore")
            return _build(files, projects, plugins)
    except JenkinsJobsException as error:
        raise UsageError("\n".join(map(str, error.lines)), _HINT) from None
    except yaml.YAMLError as error:
        raise UsageError(f"{_name(files)}: no YAML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{_name(files)}: cannot be read: {error}") from None


def _build(
    files: Sequence[Path], projects: Iterable[Mapping[str, Any]], plugins: Mapping[str, str]
) -> tuple[Built, ...]:
    # pkg_resources, on which JJB stands, takes a moment to import.
    from jenkins_jobs.config import JJBConfig  # type: ignore[import-untyped]
    from jenkins_jobs.loader import enum_expanded_paths, load_files  # type: ignore[import-untyped]
    from jenkins_jobs.loc_loader import LocDict, LocList  # type: ignore[import-untyped]
    from jenkins_jobs.registry import ModuleRegistry  # type: ignore[import-untyped]
    from jenkins_jobs.roots import Roots, root_adders  # type: ignore[import-untyped]
    from jenkins_jobs.xml_config import XmlJobGenerator  # type: ignore[import-untyped]

    config = JJBConfig(str(_SETTINGS), config_file_required=True)
    roots = Roots(config)
    for file in enum_expanded_paths(files):
        with _naming(str(file)):
            load_files(config, roots, [file])
    for project in projects:
        data = LocDict({**project, "jobs": LocList(list(project["jobs"]))})
        root_adders["project"](config, roots, data, None)
    with _naming(_name(files)):
        views = [view.name for view in roots.generate_views()]
        jobs = roots.generate_jobs()
    if views:
        raise UsageError(
            f"{_name(files)}: pkgci deploys jobs, not views: {', '.join(views)}", "leave the views out of jenkins.jobs"
        )
    registry = ModuleRegistry(config, _plugins(plugins))
    registry.set_macros(roots.macros)
    registry.amend_job_dicts(jobs)
    generator = XmlJobGenerator(registry)
    built = []
    for job in jobs:
        at = job.context[-1].pos
        place = f"{at.path}:{at.line + 1}:{at.column + 1}" if at else _name(files)
        with _naming(f"{place}: the job '{job.name}'"):
            built += [Built(done.name, done.xml, place) for done in generator.generateXML([job])]
    return tuple(built)


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """JJB checks little of what it is given: the rest ends in Python's own errors, which do not say of ``what``."""
    from jenkins_jobs.errors import JenkinsJobsException

    try:
        yield
    except (JenkinsJobsException, yaml.YAMLError, OSError, UnicodeDecodeError, PkgciError):
        raise
    except Exception as error:
        raise UsageError(f"{what}: jenkins-job-builder gives up: {type(error).__name__}: {error}", _HINT) from None


def _plugins(versions: Mapping[str, str]) -> list[dict[str, Any]]:
    from jenkins.plugins import PluginVersion  # type: ignore[import-untyped]

    return [{"shortName": name, "version": PluginVersion(version)} for name, version in versions.items()]


def _name(files: Sequence[Path]) -> str:
    return ", ".join(map(str, files))


def _be_quiet() -> None:
    """JJB logs to the root logger, which would write to the screen. What matters comes as an exception."""
    logging.getLogger().addHandler(logging.NullHandler())
    logger = logging.getLogger("jenkins_jobs")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
