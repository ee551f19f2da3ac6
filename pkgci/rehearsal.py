"""What later commands would say of the files that a site names: asked by doing, without a host, what they do.

The site file itself has been checked by then (``pkgci.model``). This reads the files behind it: jenkins-job-builder's,
Zuul layouts, Hiera templates, somebody's tree of manifests, what a lab brings. A site without such files costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from pkgci.errors import PkgciError
from pkgci.model.document import DocumentError, Fault, Path_
from pkgci.model.lab import LAB_KEY, LabWar
from pkgci.model.load import Loaded
from pkgci.model.site import Site


def check_files(loaded: Loaded) -> None:
    """Raises ``DocumentError`` with all that is wrong with the files that the site names, each fault with its place."""
    faults = list(_faults(loaded))
    if faults:
        raise DocumentError(loaded.document.path, faults)


def missing_keys(site: Site) -> tuple[str, ...]:
    """The private keys that the site names and that are not on this machine. A lab's own are made with the lab."""
    hosts = (*site.hosts, *([site.outside] if site.outside else []))
    named = dict.fromkeys(host.ssh.key for host in hosts if host.ssh.key is not None)
    own = site.directory / LAB_KEY
    return tuple(str(key) for key in named if not key.exists() and not (site.lab is not None and key == own))


def _faults(loaded: Loaded) -> Iterator[Fault]:
    site = loaded.site
    rehearsed: list[tuple[bool, Path_, Callable[[Site], object]]] = [
        (bool(site.jenkins.jobs), ("jenkins", "jobs"), _jobs),
        (bool(site.zuul.layouts), ("zuul", "layouts"), _layouts),
        (_carries(site), ("lab",), _lab),
        (_has_templates(site), ("manifests",), _data),
    ]
    for needed, path, rehearse in rehearsed:
        try:
            if needed:
                rehearse(site)
        except DocumentError as error:
            yield from (replace(fault, file=fault.file or error.path) for fault in error.faults)
        except PkgciError as error:
            words = "; ".join(line.strip() for line in error.message.splitlines() if line.strip(" ^"))
            hint = f" ({error.hint})" if error.hint else ""
            yield Fault(loaded.document.position(path, key=True), f"{words}{hint}")


def _has_templates(site: Site) -> bool:
    """Whether the site has layers of Hiera data of its own, and manifests that need no network."""
    if site.manifests is not None:
        return site.manifests.git is None
    return (site.directory / "hiera").is_dir()


def _jobs(site: Site) -> None:
    from pkgci.jobs.render import render_jobs

    render_jobs(site)


def _layouts(site: Site) -> None:
    from pkgci.pipelines.layout import render

    render(site)


def _carries(site: Site) -> bool:
    """Whether the lab has real servers, whose files are looked at; without them nothing waits for Docker's library."""
    return site.lab is not None and any(isinstance(one, LabWar) for one in (site.lab.review, site.lab.jenkins))


def _lab(site: Site) -> None:
    from pkgci.lab.bring import examine

    examine(site)


def _data(site: Site) -> None:
    from pkgci.foreign.tree import renderer_of, tree_of
    from pkgci.render.hiera import Placeholders
    from pkgci.render.needs import Needs

    tree, _ = tree_of(site)
    renderer = renderer_of(site, tree)
    needs = Needs.read(tree.module_folders) if site.manifests is None else None
    for host in site.hosts:
        data = renderer.render(host, Placeholders())
        if needs is not None:
            needs.check(data)
