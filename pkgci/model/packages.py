"""What the programs of the steps are told of the site: the document that ``pkgci_steps/settings.py`` reads on hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pkgci.model.roles import Role
from pkgci.model.schema import Target
from pkgci.model.site import Host, Site
from pkgci.model.sources import fetched_hosts, source_words
from pkgci.model.steps import Pipeline, jobs_of
from pkgci.model.suffixes import version_suffix
from pkgci.model.urls import NOTES_PATH, web_url

# The public keys of the repositories on the hosts that install from them.
KEY_FOLDER = "/etc/pkgci/repository"


def step_settings(site: Site, host: Host, host_keys: Callable[[str], list[str]]) -> dict[str, Any]:
    """/etc/pkgci/steps.json of ``host``. ``host_keys`` gives the SSH host keys of a host of the site, by name.

    Only the publisher is told of the build slaves, which it fetches from, and of the gate's jobs, whose results it asks
    Zuul's host for.
    """
    fetches = Role.PUBLISHER in host.roles
    return {
        "site": site.name,
        # What the host is; `pkgci deploy-jobs` asks for it.
        "roles": [role.value for role in host.roles],
        "targets": {name: _target(site.name, target) for name, target in site.targets.items()},
        "projects": {
            name: {
                "targets": list(project.targets),
                "own_steps": project.own_steps,
                "source": source_words(project.source),
                "overrides": list(project.overrides),
                **({"jobs": _gated(site, name)} if fetches else {}),
            }
            for name, project in site.projects.items()
        },
        "groups": {name: list(projects) for name, projects in site.groups.items()},
        "repository": {
            "url": web_url(site, Role.PUBLISHER),
            "release_key": f"{KEY_FOLDER}/release.asc",
            "review_key": f"{KEY_FOLDER}/review.asc",
            "closed_days": site.repository.closed_days,
            "generations": site.repository.generations,
        },
        "limits": {
            "minutes": site.builds.minutes,
            "memory_mb": site.builds.memory,
            "disk_mb": site.builds.disk,
            "files": site.builds.files,
            "processes": site.builds.processes,
            "enforced": True,
        },
        "sources": {
            "hosts": list(fetched_hosts(site.sources, (project.source for project in site.projects.values()))),
            "lookaside": site.sources.lookaside,
            "largest_mb": site.sources.largest,
            "disk_mb": site.sources.disk,
        },
        "systest": site.systests.machine,
        "build_hosts": [
            {"name": slave.name, "address": slave.address, "port": slave.ssh.port, "keys": host_keys(slave.name)}
            for slave in (site.with_role(Role.SLAVE_BUILD) if fetches else ())
        ],
        **({"zuul_notes": f"{web_url(site, Role.ZUUL)}{NOTES_PATH}"} if fetches else {}),
    }


def _gated(site: Site, project: str) -> dict[str, list[str]]:
    """Target → the names of the jobs that the gate runs for it: what passes them all may be promoted."""
    jobs = [job for job in jobs_of(site, project) if job.target and Pipeline.GATE in job.step.pipelines]
    return {target: [job.name for job in jobs if job.target == target] for target in site.projects[project].targets}


def _target(site: str, target: Target) -> dict[str, Any]:
    common = {
        "mirror": target.mirror,
        "security_mirror": target.security_mirror,
        "components": list(target.components),
        "version_suffix": version_suffix(site, target),
    }
    if target.deb:
        return {"kind": "deb", "suite": target.deb, **common}
    suite, root = (target.rpm, None) if target.backend == "chroot" else (None, target.rpm)
    return {"kind": "rpm", "suite": suite, "backend": target.backend, "mock_root": root, **common}
