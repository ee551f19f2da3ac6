"""What there is to do, and in which order."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import configuration, files, plugins
from .documents import DocumentError
from .nodes import Clock, Node, Nodes
from .service import UNIT, Service
from .settings import ApplyError, Settings
from .settle import Declared, Memory, prove, remember_fresh, settle
from .web import DownError, Jenkins

TOKEN = "CASC_RELOAD_TOKEN"  # noqa: S105 - the name of a variable


@dataclass(frozen=True)
class Work:
    """What there is to do."""

    plugins: bool
    configuration: bool
    unit: bool
    nodes: bool
    ready: bool

    @property
    def nothing(self) -> bool:
        return not (self.plugins or self.configuration or self.unit or self.nodes) and self.ready


def look(settings: Settings) -> Work:
    """Compares what is wanted with what has become true."""
    return Work(
        plugins=files.read(settings.state / "plugins") != plugins.plugins_state(settings)
        or not settings.plugins.is_dir(),
        configuration=files.read(settings.state / "casc") != configuration.configuration_state(settings)
        or settings.unproven.exists()
        or not settings.live.is_dir(),
        unit=files.read(settings.state / "unit") != settings.unit.read_text(),
        nodes=settings.quiet.exists() or not _nodes_agree(settings),
        ready=settings.ready.exists(),
    )


def _nodes_agree(settings: Settings) -> bool:
    try:
        return _memory(settings).agrees(Declared.read(settings.wanted / "casc.d"))
    except (DocumentError, ValueError, KeyError, TypeError):
        # What is wrong with it is said when it is applied.
        return False


def _memory(settings: Settings) -> Memory:
    return Memory.read(settings.state / "nodes")


@dataclass
class Host:
    """The host that Jenkins is on, as far as it is changed: tests put their own parts in."""

    settings: Settings
    service: Service = field(default_factory=Service)
    run: plugins.Run = plugins.run_as_jenkins
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.jenkins = Jenkins(self.settings, self.clock.sleep)
        # Until it is restarted, Jenkins listens where it was told to when it was started.
        self.jenkins.url = files.read(self.settings.state / "url") or self.settings.url
        self.nodes = Nodes(self.jenkins, self.settings.patience, self.clock)

    def apply(self) -> None:
        """Does what there is to do. Raises ``ApplyError``."""
        settings, runs = self.settings, self.service.active()
        configuration.put_back(settings)
        work = look(settings)
        if settings.quiet.exists():
            # A run was cut short while it waited.
            self._end_quiet(said=runs)
        configuration.judge(settings, self.service)
        declared = Declared.read(settings.wanted / "casc.d")
        before = self._nodes_now() if runs and not work.nothing else {}
        states = {
            "plugins": plugins.plugins_state(settings),
            "casc": configuration.configuration_state(settings),
            "unit": settings.unit.read_text(),
            "url": settings.url,
        }
        new_plugins = self._installed() if work.plugins else None
        new_configuration = configuration.stage_configuration(settings) if work.configuration else None
        if new_configuration and runs and not work.plugins:
            self._ask(new_configuration, restarts=work.unit)
        _ensure_token(settings)
        restarts = work.plugins or work.unit
        if restarts or (new_configuration and not runs):
            self._restart(new_plugins, new_configuration)
        elif new_configuration:
            self._read_again(new_configuration, declared, before)
        self._end_unproven()
        for name, text in states.items():
            files.write(settings.state / name, text, 0o600)
        files.write(settings.ready, "")
        memory = _memory(settings)
        if restarts or not runs:
            remember_fresh(memory, declared, before)
            prove(memory, declared, self.nodes)
        else:
            settle(memory, declared, before, self.nodes, self._start_anew)

    def _installed(self) -> Path:
        wanted = plugins.wanted_plugins((self.settings.wanted / "plugins.txt").read_text())
        return plugins.install_plugins(self.settings, wanted, self.run)

    def _nodes_now(self) -> Mapping[str, Node]:
        try:
            return self.nodes.all()
        except DownError:
            # It can be mended by what is to be applied now, and there is no node that must come back.
            return {}

    def _ask(self, new: Path, *, restarts: bool) -> None:
        try:
            configuration.ask(new, self.settings.live, self.jenkins)
        except DownError:
            # It is started anew in any case, and says then what it thinks of it.
            if not restarts:
                raise

    def _read_again(self, new: Path, declared: Declared, before: Mapping[str, Node]) -> None:
        """Has Jenkins read another configuration while it runs. A node that is not in it goes, with what it builds."""
        gone = sorted(set(before) - set(declared.nodes))
        may_change = bool(gone) and self.jenkins.may_change()
        if may_change:
            # Where this run is cut short, the next one gives them back.
            memory = _memory(self.settings)
            memory.pending.update(gone)
            memory.write()
        try:
            if may_change:
                self.nodes.hold(gone)
            self.nodes.wait_idle(gone)
            configuration.put_in_place(self.settings, new, self.jenkins)
        except ApplyError:
            if may_change:
                self.nodes.release(gone)
            raise

    def _start_anew(self) -> None:
        self._restart(None, None)

    def _restart(self, new_plugins: Path | None, new_configuration: Path | None) -> None:
        """Exchanges plugins, with the configuration that may need them, and restarts Jenkins; or undoes it.

        Jenkins is restarted when it builds nothing. One that does not run is started where there is something to go
        back to: what it is started with later could not be undone. Only its very first start is not made here.
        """
        settings, service = self.settings, self.service
        old_plugins = settings.home / "plugins.old"
        runs = service.active()
        starts = (
            runs
            or files.replaces(settings.plugins, new_plugins, old_plugins)
            or files.replaces(settings.live, new_configuration, settings.old)
        )
        if runs:
            self._be_quiet()
        if starts:
            # One that crashed may be about to be started again.
            service.stop()
            self._end_quiet(said=False)
        plugins_before = files.read(settings.state / "plugins")
        self._forget(new_plugins, new_configuration)
        self.jenkins.url = settings.url
        settings.ready.unlink(missing_ok=True)
        plugins_go_back = new_plugins is not None and files.exchange_unproven(
            settings.plugins, new_plugins, old_plugins, settings.unstarted_plugins
        )
        configuration_goes_back = new_configuration is not None and files.exchange_unproven(
            settings.live, new_configuration, settings.old, settings.unstarted_configuration
        )
        files.write(settings.ready, "")
        if not starts or service.start():
            return
        service.stop()
        settings.ready.unlink(missing_ok=True)
        if plugins_go_back:
            files.exchange(settings.plugins, old_plugins, settings.home / "plugins.rejected")
            files.write(settings.state / "plugins", plugins_before or "", 0o600)
        if configuration_goes_back:
            files.exchange(settings.live, settings.old, settings.state / "casc.rejected")
        self._end_unproven()
        files.write(settings.ready, "")
        service.start()
        raise ApplyError(
            f"Jenkins does not start like this; its plugins and configuration are the old ones: journalctl -u {UNIT}"
        )

    def _end_unproven(self) -> None:
        for marker in (self.settings.unstarted_plugins, self.settings.unstarted_configuration):
            marker.unlink(missing_ok=True)

    def _forget(self, new_plugins: Path | None, new_configuration: Path | None) -> None:
        """Takes away what is remembered of all that is exchanged now: a run cut short may leave any of it behind."""
        state = self.settings.state
        changes = {
            "plugins": new_plugins is not None,
            "casc": new_configuration is not None,
            "unit": files.read(state / "unit") != self.settings.unit.read_text(),
        }
        for name, change in changes.items():
            if change:
                (state / name).unlink(missing_ok=True)

    def _be_quiet(self) -> None:
        """Waits until Jenkins builds nothing, and lets nothing begin meanwhile. Raises ``ApplyError``."""
        may_change = False
        try:
            may_change = self.jenkins.may_change()
            if may_change:
                files.write(self.settings.quiet, "")
                self.jenkins.post("quietDown")
            self.nodes.wait_idle(self.nodes.all())
        except DownError:
            # What it would do with its builds nobody can tell; to start it anew is all that helps.
            return
        except ApplyError as error:
            if may_change:
                self._end_quiet(said=True)
            raise ApplyError(f"Jenkins must be restarted, and is not, because {error}") from None

    def _end_quiet(self, *, said: bool) -> None:
        """Lets builds begin again; a Jenkins that was started anew need not be ``said`` so."""
        if said and self.jenkins.may_change():
            self.jenkins.post("cancelQuietDown")
        self.settings.quiet.unlink(missing_ok=True)


def _ensure_token(settings: Settings) -> None:
    """Makes the token with which the configuration is read again, where there is none. It never leaves this host."""
    if not settings.environment.exists():
        files.write(settings.environment, f"{TOKEN}={secrets.token_hex(32)}\n", 0o600)
