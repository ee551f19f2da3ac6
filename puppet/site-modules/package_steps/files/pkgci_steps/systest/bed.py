"""What autopkgtest's test bed is made of: systems, one after another, each of them fresh.

autopkgtest and its test bed (``testbed``) are nobody on the slave, and may start no system. They ask for one at a
socket; here, while they run, one is booted on a new layer of the root, where nothing of an earlier test is.

None of autopkgtest's own servers does it for an ordinary account (tried on Debian 13, control groups of version 1).
unshare boots no systemd. incus needs a daemon that is root. lxc mounts no /sys where the slave hides part of its own.
podman boots systemd, but only where root of the container is the slave's account itself, which has keys: with an
account's subordinate ids systemd ends at once. It makes an image of each root, too, which takes longer than a boot.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from .. import layers
from ..install.root import Root
from ..status import Ended, Status
from ..step import Step
from .machine import Machine

Boot = Callable[[Step, layers.System], AbstractContextManager[Machine]]
# How long a system that is to start again may take to end.
_END_SECONDS = 120.0
_TALK_SECONDS = 10.0
# What the test bed can do, by the kind of machine: autopkgtest's own words (README.virtualisation-server). One
# that ends with its virtual machine cannot start that again.
_ALWAYS = ("revert", "revert-full-system", "root-on-testbed", "isolation-container")
CAPABILITIES: Mapping[str, tuple[str, ...]] = {
    "container": (*_ALWAYS, "reboot"),
    "vm": (*_ALWAYS, "isolation-machine"),
}


class Bed:
    """Systems like ``root``. ``boot`` is what the site boots them with."""

    def __init__(self, step: Step, root: Root, boot: Boot) -> None:
        self._step = step
        self._root = root
        self._boot = boot
        # What is now: the layer, and the machine that it runs in.
        self._layer, self._running = ExitStack(), ExitStack()
        self._system: Root | None = None
        self._machine: Machine | None = None
        self._answers: dict[str, Callable[[], Machine]] = {"fresh": self.fresh, "again": self.again}

    def fresh(self) -> Machine:
        """Boots a fresh system; the one before has ended, and nothing is left of it. Raises ``Ended``."""
        self.close()
        self._system = self._layer.enter_context(self._root.layer())
        return self._start(self._system)

    def again(self) -> Machine:
        """Boots the same system again, which is about to end. Raises ``Ended``."""
        if self._system is None or self._machine is None:
            return self.fresh()
        end = time.monotonic() + _END_SECONDS
        while self._machine.alive() and time.monotonic() < end and not self._step.stop.asked:
            time.sleep(0.1)
        self._running.close()
        return self._start(self._system)

    def close(self) -> None:
        """Ends the system."""
        self._machine = self._system = None
        self._running.close()
        self._layer.close()

    def _start(self, system: Root) -> Machine:
        self._machine = self._running.enter_context(self._boot(self._step, system.system))
        return self._machine

    def answer(self, request: str) -> str:
        """One line for one line: the words before a command in the system that was asked for."""
        if request not in self._answers:
            raise Ended(Status.INFRASTRUCTURE, f"the test bed asks for {request!a}")
        return json.dumps(self._answers[request]().into())


@contextmanager
def offered(step: Step, bed: Bed, place: Path) -> Iterator[None]:
    """Whoever writes to the socket ``place`` meanwhile gets systems of ``bed``, while a program of the step runs."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(place))
        place.chmod(0o666)
        listener.listen()
        listener.setblocking(False)
        busy = False

        def attend() -> None:
            nonlocal busy
            if busy:
                # What boots a system runs programs, too, during which this is called.
                return
            busy = True
            try:
                _serve(listener, bed)
            finally:
                busy = False

        try:
            with step.programs.attended(attend):
                yield
        finally:
            bed.close()


def _serve(listener: socket.socket, bed: Bed) -> None:
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        return
    with connection:
        connection.settimeout(_TALK_SECONDS)
        try:
            request = connection.makefile(encoding="utf-8").readline(100).strip()
        except (OSError, ValueError):
            return
        answer = bed.answer(request)
        with suppress(OSError):
            connection.sendall(f"{answer}\n".encode())
