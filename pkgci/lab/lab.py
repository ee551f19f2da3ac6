"""Bringing a lab up and taking it down: images, network, hosts, keys; side by side, and repeatable."""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from docker.errors import NotFound

from pkgci.errors import LockedError, PkgciError, UsageError
from pkgci.lab.boot import host_keys, wait_for_ssh, wait_for_systemd
from pkgci.lab.bring import bring, look
from pkgci.lab.engine import LABEL, cgroup_version, connect, refusals
from pkgci.lab.hosts import HOST_LABEL, SITE_LABEL, Blueprint, make_blueprint, make_host
from pkgci.lab.image import IMAGE_LABEL, Builder
from pkgci.lab.keys import ensure_key, forget_hosts, lab_directory, login_keys, record_keys
from pkgci.lab.limits import ensure_inotify
from pkgci.lab.machine import this_machine
from pkgci.lab.network import ensure_network, lab_hosts, lab_network, network_name
from pkgci.lab.parallel import side_by_side
from pkgci.lab.real_review import forget_people, host_key_of
from pkgci.lab.recipe import Recipe, make_recipe
from pkgci.lab.stand_ins.furnish import STATE, furnish
from pkgci.lab.stand_ins.host import stands_in_for
from pkgci.lab.stand_ins.image import TAG, build_image, has_image, stand_ins_image
from pkgci.lab.state import HostState, outdated, state_of
from pkgci.locks import lock_or_fail
from pkgci.model.known_hosts import known_name
from pkgci.model.lab import STAND_INS
from pkgci.model.roles import OperatingSystem
from pkgci.model.site import Host, Site
from pkgci.model.stand_ins import review_is_real_in_lab, review_is_stand_in
from pkgci.secrets.store import SecretStore
from pkgci.secrets.upkeep import complete

Tell = Callable[[str], None]


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
        engine has a lab of the same name that was made from a site file elsewhere."""
        directory = lab_directory(self.site)
        try:
            directory.mkdir(mode=0o700, exist_ok=True)
            held = ExitStack()
            held.enter_context(lock_or_fail(directory / "lock"))
        except BlockingIOError:
            raise LockedError(f"another `pkgci lab` is at work on the lab '{self.site.name}'", "wait for it") from None
        except OSError as error:
            raise UsageError(f"cannot write to {directory}: {error.strerror}", "whose lab is it?") from None
        with held:
            self._refuse_other_site()
            yield

    def up(self, modules: tuple[str, ...]) -> None:
        """Makes what is missing and starts what is stopped, until every host answers SSH; the site's secrets first.

        ``modules`` are the packages of Puppet modules that the image carries. Raises ``PkgciError``; what was made
        until then stays, and the next call carries on.
        """
        self._complete_secrets()
        key = ensure_key(self.site)
        look(self.site)
        authorized = {host.name: login_keys(self.site, host, key) for host in self.hosts}
        recipes = self._recipes(modules)
        self._build_images(recipes.values())
        if ensure_network(self.client, self.site, self.network):
            self._tell(f"network {self.network} made")
        cgroups = cgroup_version(self.client)
        blueprints = [
            make_blueprint(
                self.site,
                host,
                self._image(host, recipes[host.os]),
                self.network,
                cgroups,
                authorized[host.name],
                ((self._volume, STATE),) if host.name == STAND_INS else (),
            )
            for host in self.hosts
        ]
        self._remove_strays()
        self._allow_for_hosts()
        keys: dict[str, list[str]] = {}
        base = recipes[OperatingSystem.DEBIAN_13].image if OperatingSystem.DEBIAN_13 in recipes else ""
        try:
            side_by_side(partial(self._host_up, keys, base), blueprints)
        finally:
            self._record(keys)

    def status(self) -> list[HostState]:
        """Every host of the site file as it is now, and hosts of this lab that the site file no longer has."""
        containers = self._containers()
        known = {host.name: host.address for host in self.hosts}
        names = [*known, *sorted(set(containers) - set(known))]
        states = [state_of(name, known.get(name, ""), containers.get(name)) for name in names]
        stand_ins = stands_in_for(self.site)
        return [replace(item, stands_in_for=stand_ins) if item.name == STAND_INS else item for item in states]

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
        side_by_side(self._remove, list(containers.values()))
        mine = {"label": f"{LABEL}={self.site.name}"}
        with refusals("remove the lab's network and volumes"):
            for network in self.client.networks.list(filters=mine):
                network.remove()
                self._tell(f"network {network.name} removed")
            for volume in self.client.volumes.list(filters=mine):
                volume.remove()
        if images:
            self._remove_images()
        forget_hosts(self.site, [*containers, *(host.name for host in self.hosts)], self._review_name())
        if lab_directory(self.site).is_dir():
            shutil.rmtree(lab_directory(self.site))
            self._tell(f"{lab_directory(self.site)} removed")

    def _refuse_other_site(self) -> None:
        for container in self._containers().values():
            other = container.labels.get(SITE_LABEL, "")
            # Site files of one folder share the lab's keys there, and so the lab: `lab choose` writes another. A lab
            # whose site file is gone belongs to nobody any more: it may be taken over, or taken down.
            if other and Path(other).parent != self.site.directory and Path(other).exists():
                raise PkgciError(
                    f"there is a lab '{self.site.name}' already, made from {other}",
                    f"`pkgci lab down --site {shlex.quote(other)}`, or give this site another name and another /24",
                )

    def _complete_secrets(self) -> None:
        with SecretStore.change(self.site.directory / "secrets", self.site.name) as store:
            outcome = complete(self.site, store, datetime.now(UTC))
        if outcome.changes:
            self._tell(f"secrets: {len(outcome.changes)} made, {outcome.kept} kept (`pkgci secrets list` shows them)")

    def _image(self, host: Host, recipe: Recipe) -> str:
        return stand_ins_image(recipe.image) if host.name == STAND_INS else recipe.image

    @property
    def _volume(self) -> str:
        """The volume of what the stand-ins keep: it outlives their container, and goes with the lab."""
        return f"{network_name(self.site)}-{STAND_INS}"

    def _recipes(self, modules: tuple[str, ...]) -> dict[OperatingSystem, Recipe]:
        machine = this_machine()
        mirror = self.site.lab.mirror if self.site.lab else None
        systems = dict.fromkeys(host.os for host in self.hosts)
        return {system: make_recipe(system, machine, mirror, modules) for system in systems}

    def _build_images(self, recipes: Iterable[Recipe]) -> None:
        with TemporaryDirectory(prefix="pkgci-lab-", ignore_cleanup_errors=True) as scratch:
            builder = Builder(self.client, Path(scratch))
            missing = [recipe for recipe in recipes if not builder.is_built(recipe)]
            if missing:
                builder.check()
            try:
                side_by_side(partial(self._build, builder), missing)
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
                # A Gerrit that is the real one now has another key than the lab's had under its name.
                review = [self.site.gerrit.host] if self.site.gerrit and name == STAND_INS else []
                forget_hosts(self.site, [name], review)

    def _host_up(self, keys: dict[str, list[str]], base: str, blueprint: Blueprint) -> None:
        """Makes or starts one host and waits for it; puts its public host keys into ``keys`` (known name → keys)."""
        name = blueprint.host.name
        started = time.monotonic()
        if name == STAND_INS:
            self._prepare_stand_ins(base, blueprint)
        container = self._containers().get(name)
        if container is not None and (reason := outdated(container, blueprint)):
            self._tell(f"{name}: {reason}: it is made anew")
            self._remove(container)
            container = None
        did = "was running"
        if container is None:
            did = "made"
            forget_people(self.site, blueprint.host)
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
        keys[known_name(blueprint.host)] = host_keys(container)
        if name == STAND_INS:
            did += self._furnish_stand_ins(blueprint, container, keys)
        elif bring(self.site, blueprint.host, container):
            did += ", has got what this machine has for it"
        keys |= host_key_of(self.site, blueprint.host)
        self._tell(f"{name}: {did}, answers SSH at {blueprint.address} ({time.monotonic() - started:.1f} s)")

    def _prepare_stand_ins(self, base: str, blueprint: Blueprint) -> None:
        if not has_image(self.client, blueprint.image):
            self._tell(f"image {blueprint.image}: adding the stand-ins' packages")
            build_image(self.client, base, blueprint.image, self.site.name, blueprint.network)
        with refusals("make the stand-ins' volume"):
            self.client.volumes.create(self._volume, labels={LABEL: self.site.name})

    def _furnish_stand_ins(self, blueprint: Blueprint, container: Any, keys: dict[str, list[str]]) -> str:
        store = SecretStore.open(self.site.directory / "secrets")
        changed, review = furnish(self.site, blueprint.host, container, store)
        keys |= review
        return " and furnished" if changed else ""

    def _record(self, keys: dict[str, list[str]]) -> None:
        """Keeps ``keys`` (known name → keys) in the site's known_hosts, in place of what it had of these machines."""
        done = {known_name(host): host.name for host in self.hosts if known_name(host) in keys}
        # In the order of the site file, whoever was ready first: another run changes nothing.
        ordered = {known: keys[known] for known in (*done, *sorted(set(keys) - set(done)))}
        record_keys(self.site, [*done.values(), *self._review_name()], ordered)

    def _review_name(self) -> tuple[str, ...]:
        """The name that known_hosts has for the review, where it is the lab's."""
        own = review_is_stand_in(self.site) or review_is_real_in_lab(self.site)
        return (self.site.gerrit.host,) if self.site.gerrit and own else ()

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
            found = self.client.images.list(filters={"label": IMAGE_LABEL})
            # The stand-ins' image is made of another one, which the engine keeps as long as it is there.
            for image in sorted(found, key=lambda image: not str(image.labels.get(IMAGE_LABEL)).startswith(TAG)):
                name = ", ".join(image.tags) or image.short_id
                if image.id in used:
                    self._tell(f"image {name} stays: another lab uses it")
                    continue
                self.client.api.remove_image(str(image.id), force=True)
                self._tell(f"image {name} removed")
