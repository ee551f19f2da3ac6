"""Bringing a lab up and taking it down: images, network, hosts, keys; side by side, and repeatable."""

from __future__ import annotations

import fcntl
import shlex
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from docker.errors import NotFound

from pkgci.errors import PkgciError, UsageError
from pkgci.lab.boot import host_keys, wait_for_ssh, wait_for_systemd
from pkgci.lab.engine import LABEL, cgroup_version, connect, refusals
from pkgci.lab.hosts import (
    HOST_LABEL,
    IMAGE_OF_LABEL,
    MADE_OF_LABEL,
    SITE_LABEL,
    Blueprint,
    make_blueprint,
    make_host,
)
from pkgci.lab.image import IMAGE_LABEL, Builder
from pkgci.lab.keys import ensure_key, lab_directory, login_keys, record_keys
from pkgci.lab.limits import ensure_inotify
from pkgci.lab.machine import this_machine
from pkgci.lab.network import ensure_network, lab_hosts, lab_network
from pkgci.lab.recipe import Recipe, make_recipe
from pkgci.model.known_hosts import known_name
from pkgci.model.roles import OperatingSystem
from pkgci.model.site import Site

T = TypeVar("T")

Tell = Callable[[str], None]

# More containers that boot at once only make each of them slower.
_PARALLEL = 8


@dataclass(frozen=True)
class HostState:
    """A host of the lab as the engine sees it. ``state`` is Docker's word, or 'absent'; ``uptime`` is in seconds."""

    name: str
    state: str
    address: str
    image: str
    uptime: float | None

    @property
    def running(self) -> bool:
        return self.state == "running"


class Lab:
    """The lab of one site. ``tell`` is given a line about each thing that is done."""

    def __init__(self, site: Site, tell: Tell) -> None:
        self.site = site
        self.network = lab_network(site)
        self.hosts = lab_hosts(site)
        self._tell = tell
        self.client = connect()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While this lasts, no other process changes this lab. Raises ``PkgciError`` where one does, and where the
        engine has a lab of the same name that was made from another site file."""
        directory = lab_directory(self.site)
        try:
            directory.mkdir(mode=0o700, exist_ok=True)
            lock = (directory / "lock").open("w")
        except OSError as error:
            raise UsageError(f"cannot write to {directory}: {error.strerror}", "whose lab is it?") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise PkgciError(
                    f"another `pkgci lab` is at work on the lab '{self.site.name}'", "wait for it"
                ) from None
            self._refuse_other_site()
            yield

    def up(self, modules: tuple[str, ...]) -> None:
        """Makes what is missing and starts what is stopped, until every host answers SSH.

        ``modules`` are the packages of Puppet modules that the image carries. Raises ``PkgciError``; what was made
        until then stays, and the next call carries on.
        """
        key = ensure_key(self.site)
        authorized = {host.name: login_keys(self.site, host, key) for host in self.hosts}
        recipes = self._recipes(modules)
        self._build_images(recipes.values())
        if ensure_network(self.client, self.site, self.network):
            self._tell(f"network {self.network} made")
        cgroups = cgroup_version(self.client)
        blueprints = [
            make_blueprint(self.site, host, recipes[host.os].image, self.network, cgroups, authorized[host.name])
            for host in self.hosts
        ]
        self._remove_strays()
        self._allow_for_hosts()
        keys: dict[str, list[str]] = {}
        try:
            _side_by_side(partial(self._host_up, keys), blueprints)
        finally:
            done = [blueprint.host for blueprint in blueprints if blueprint.host.name in keys]
            record_keys(self.site, keys, {known_name(host): keys[host.name] for host in done})

    def status(self) -> list[HostState]:
        """Every host of the site file as it is now, and hosts of this lab that the site file no longer has."""
        containers = self._containers()
        known = {host.name: host.address for host in self.hosts}
        names = [*known, *sorted(set(containers) - set(known))]
        return [_state(name, known.get(name, ""), containers.get(name)) for name in names]

    def container(self, name: str) -> Any:
        """The running container of the host ``name``. Raises ``PkgciError`` where there is none."""
        found = self._containers().get(name)
        if found is None or found.status != "running":
            state = "is not made" if found is None else f"is {found.status}"
            raise PkgciError(f"host '{name}' of the lab '{self.site.name}' {state}", "`pkgci lab up` first")
        return found

    def down(self, *, images: bool) -> None:
        """Removes the lab's containers, network, volumes and files; with ``images``, the images no other lab uses."""
        containers = self._containers()
        _side_by_side(self._remove, list(containers.values()))
        mine = {"label": f"{LABEL}={self.site.name}"}
        with refusals("remove the lab's network and volumes"):
            for network in self.client.networks.list(filters=mine):
                network.remove()
                self._tell(f"network {network.name} removed")
            for volume in self.client.volumes.list(filters=mine):
                volume.remove()
        if images:
            self._remove_images()
        record_keys(self.site, [*containers, *(host.name for host in self.hosts)], {})
        if lab_directory(self.site).is_dir():
            shutil.rmtree(lab_directory(self.site))
            self._tell(f"{lab_directory(self.site)} removed")

    def _refuse_other_site(self) -> None:
        for container in self._containers().values():
            other = container.labels.get(SITE_LABEL, "")
            # A lab whose site file is gone belongs to nobody any more: it may be taken over, or taken down.
            if other not in ("", str(self.site.path)) and Path(other).exists():
                raise PkgciError(
                    f"there is a lab '{self.site.name}' already, made from {other}",
                    f"`pkgci lab down --site {shlex.quote(other)}`, or give this site another name and another /24",
                )

    def _recipes(self, modules: tuple[str, ...]) -> dict[OperatingSystem, Recipe]:
        machine = this_machine()
        mirror = self.site.lab.mirror if self.site.lab else None
        systems = dict.fromkeys(host.os for host in self.hosts)
        return {system: make_recipe(system, machine, mirror, modules) for system in systems}

    def _build_images(self, recipes: Iterable[Recipe]) -> None:
        builder = Builder(self.client)
        missing = [recipe for recipe in recipes if not builder.is_built(recipe)]
        if missing:
            builder.check()
        try:
            _side_by_side(partial(self._build, builder), missing)
        except BaseException:
            builder.stop()
            raise

    def _build(self, builder: Builder, recipe: Recipe) -> None:
        self._tell(f"image {recipe.image}: building from packages (about a minute)")
        started = time.monotonic()
        builder.build(recipe)
        self._tell(f"image {recipe.image}: built in {time.monotonic() - started:.0f} s")

    def _allow_for_hosts(self) -> None:
        """Sees to it that this machine can run this lab's hosts beside those of other labs."""
        with refusals("count lab hosts"):
            running = self.client.containers.list(filters={"label": LABEL, "status": "running"}, ignore_removed=True)
        others = [container for container in running if container.labels[LABEL] != self.site.name]
        if told := ensure_inotify(len(others) + len(self.hosts)):
            self._tell(told)

    def _remove_strays(self) -> None:
        """Removes hosts that the site file no longer has."""
        wanted = {host.name for host in self.hosts}
        for name, container in self._containers().items():
            if name not in wanted:
                self._tell(f"{name}: no longer in the site file")
                self._remove(container)
                record_keys(self.site, [name], {})

    def _host_up(self, keys: dict[str, list[str]], blueprint: Blueprint) -> None:
        """Makes or starts one host and waits for it; puts its public host keys into ``keys``."""
        name = blueprint.host.name
        started = time.monotonic()
        container = self._containers().get(name)
        if container is not None and (reason := _outdated(container, blueprint)):
            self._tell(f"{name}: {reason}: it is made anew")
            self._remove(container)
            container = None
        did = "was running"
        if container is None:
            did = "made"
            identity = make_host(self.client, blueprint)
            with refusals("look at a new host"):
                container = self.client.containers.get(identity)
        elif container.status != "running":
            did = "started"
            with refusals(f"start the host '{name}'"):
                container.start()
        failed = wait_for_systemd(container, name)
        if failed and did == "made":
            raise PkgciError(
                f"host '{name}' has booted with failed units: {', '.join(failed)}",
                f"`pkgci lab exec {name} -- journalctl -b` tells why; then `pkgci lab down` and `pkgci lab up`",
            )
        if failed:
            self._tell(f"{name}: failed units: {', '.join(failed)}")
        wait_for_ssh(blueprint.host)
        keys[name] = host_keys(container)
        self._tell(f"{name}: {did}, answers SSH at {blueprint.address} ({time.monotonic() - started:.1f} s)")

    def _containers(self) -> dict[str, Any]:
        with refusals("list the lab's hosts"):
            found = self.client.containers.list(
                all=True, filters={"label": f"{LABEL}={self.site.name}"}, ignore_removed=True
            )
        return {container.labels.get(HOST_LABEL, str(container.name)): container for container in found}

    def _remove(self, container: Any) -> None:
        with refusals(f"remove the host '{container.name}'"):
            try:
                container.remove(force=True, v=True)
            except NotFound:
                return
        self._tell(f"{container.labels.get(HOST_LABEL, container.name)}: removed")

    def _remove_images(self) -> None:
        with refusals("remove images"):
            used = {item["ImageID"] for item in self.client.api.containers(all=True)}
            for image in self.client.images.list(filters={"label": IMAGE_LABEL}):
                name = ", ".join(image.tags) or image.short_id
                if image.id in used:
                    self._tell(f"image {name} stays: another lab uses it")
                    continue
                self.client.api.remove_image(str(image.id), force=True)
                self._tell(f"image {name} removed")


def _outdated(container: Any, blueprint: Blueprint) -> str:
    """Why ``container`` is not what ``blueprint`` says, or ''."""
    if container.status == "created":
        return "was interrupted while it was made"
    if container.labels.get(IMAGE_OF_LABEL) != blueprint.image:
        return "its image has changed"
    if container.labels.get(MADE_OF_LABEL) != blueprint.fingerprint:
        return "its address, names, account, port or key has changed"
    return ""


def _state(name: str, address: str, container: Any | None) -> HostState:
    if container is None:
        return HostState(name, "absent", address, "", None)
    uptime = None
    if container.status == "running":
        # Docker writes nanoseconds, which Python's datetime does not read.
        since = datetime.fromisoformat(container.attrs["State"]["StartedAt"][:19]).replace(tzinfo=UTC)
        uptime = round((datetime.now(UTC) - since).total_seconds(), 0)
    return HostState(name, container.status, address, container.labels.get(IMAGE_OF_LABEL, ""), uptime)


def _side_by_side(work: Callable[[T], object], items: Sequence[T]) -> None:
    """``work`` on all of ``items`` at once. One's failure stops no other; what failed is told together at the end."""
    if not items:
        return
    pool = ThreadPoolExecutor(max_workers=_PARALLEL)
    futures = [pool.submit(work, item) for item in items]
    try:
        wait(futures)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    errors = [error for future in futures if (error := future.exception())]
    unforeseen = next((error for error in errors if not isinstance(error, PkgciError)), None)
    if unforeseen or len(errors) == 1:
        raise unforeseen or errors[0]
    if errors:
        raise PkgciError("\n".join(f"pkgci: {error}" for error in errors), getattr(errors[0], "hint", None))
