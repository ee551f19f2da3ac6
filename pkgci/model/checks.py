"""What must be true across a site file, beyond the type of each value. Each check is one function that yields faults.

Most checks need a document that fits the schema; those that read only a part of it also run on one that does not, so
that every fault is reported at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pkgci.model.check_accounts import check_accounts
from pkgci.model.check_beside import check_beside
from pkgci.model.check_files import administrators, check_files
from pkgci.model.check_hosts import check_hosts
from pkgci.model.check_jobs import check_jobs
from pkgci.model.check_projects import check_projects
from pkgci.model.check_review import check_review
from pkgci.model.document import Document, Fault
from pkgci.model.keys import public_key_problem
from pkgci.model.schema import OWN_SETTINGS, SiteFile
from pkgci.model.words import nearest


@dataclass
class Checked:
    """What the checks found: faults, and the administrators' keys that they read on the way."""

    faults: list[Fault] = field(default_factory=list)
    administrator_keys: dict[str, tuple[str, ...]] = field(default_factory=dict)


def check(document: Document, site_file: SiteFile | None) -> Checked:
    """Everything that is wrong across ``document``; ``site_file`` is None where it does not fit the schema."""
    hosts = document.data.get("hosts")
    hosts = {name: entry for name, entry in hosts.items() if isinstance(entry, dict)} if isinstance(hosts, dict) else {}
    faults, keys = administrators(document)
    faults += check_hosts(document, hosts)
    faults += check_beside(document, hosts)
    faults += _targets(document)
    if site_file is not None:
        faults += check_files(document, site_file)
        faults += check_accounts(document, site_file)
        faults += check_jobs(document, site_file)
        faults += _gerrit_key(document, site_file)
        faults += _realm(document, site_file)
        faults += _puppet_settings(document, site_file)
        faults += check_review(document, site_file)
    return Checked(faults, keys)


def _targets(document: Document) -> Iterator[Fault]:
    targets, projects = document.data.get("targets"), document.data.get("projects")
    targets = targets if isinstance(targets, dict) else {}
    for name, target in targets.items():
        if isinstance(target, dict) and sum(target.get(key) is not None for key in ("deb", "rpm")) != 1:
            place = document.position(("targets", name), key=True)
            yield Fault(place, f"target '{name}' needs one of 'deb' and 'rpm'")
        elif isinstance(target, dict) and "backend" in target and "rpm" not in target:
            place = document.position(("targets", name, "backend"), key=True)
            yield Fault(place, f"target '{name}' is a Debian suite: 'backend' is for targets with 'rpm'")
        elif isinstance(target, dict) and "deb" in target and re.search("[_^]", str(target.get("version_suffix"))):
            place = document.position(("targets", name, "version_suffix"))
            yield Fault(place, f"target '{name}': a Debian version has neither '_' nor '^' in it")
    yield from check_projects(document, projects if isinstance(projects, dict) else {})
    for name, project in projects.items() if isinstance(projects, dict) else ():
        named = project.get("targets") if isinstance(project, dict) else None
        for index, target in enumerate(named if isinstance(named, list) else []):
            if isinstance(target, str) and target not in targets:
                place = document.position(("projects", name, "targets", index))
                yield Fault(place, f"unknown target '{target}'{nearest(target, targets)}")


def _realm(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    if site_file.jenkins.ldap and site_file.jenkins.oidc:
        place = document.position(("jenkins", "oidc"), key=True)
        yield Fault(place, "jenkins has both 'ldap' and 'oidc': its users come from one of them")


def _gerrit_key(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    if site_file.gerrit is not None and site_file.gerrit.host_key is not None:
        problem = public_key_problem(site_file.gerrit.host_key)
        if problem:
            yield Fault(document.position(("gerrit", "host_key")), f"'host_key' is no public SSH key: {problem}")


def _puppet_settings(document: Document, site_file: SiteFile) -> Iterator[Fault]:
    sections = [("puppet", site_file.puppet.settings)]
    sections += [("manifests", site_file.manifests.settings)] if site_file.manifests else []
    for section, settings in sections:
        for name in sorted(set(settings) & set(OWN_SETTINGS)):
            place = document.position((section, "settings", name), key=True)
            yield Fault(place, f"'{name}' cannot be set here: {OWN_SETTINGS[name]}")
