"""A virtual machine that an ordinary account boots: QEMU, with KVM where the account may use it, slowly without.

It has a disk made of the root, a disk with tools, a console that is written down, and one virtual port: the way in. It
has no network.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..layers import NAMESPACE, System, handed_over
from ..namespaces import traversable
from ..settings import WORK
from ..status import Ended, Status
from ..step import Step
from . import vm_parts
from .vm_parts import Parts

_HERE = Path(__file__).parent
_MEMORY_MB = 2000
_CONSOLE_LIMIT = 64 * 1024
# What QEMU needs itself, beside its machine's memory.
_QEMU_MB = 300
# From QEMU's start until the way in is open: half a minute without KVM, on a busy slave ten times that.
_SECONDS = 600.0

# What the root has in addition, path → content: as early as can be, the tools' SSH server at the virtual port.
FILES: dict[str, bytes] = {
    "/etc/pkgci/door.sh": b"""#!/bin/sh
set -eu
tools=/run/pkgci/tools
if [ ! -d "$tools/run/sshd" ]; then
    mkdir -p "$tools" /usr/lib/modules
    mount -o ro /dev/vdb "$tools"
    mount -t tmpfs tmpfs "$tools/run"
    mkdir -m 0755 "$tools/run/sshd"
    mount -t proc proc "$tools/proc"
    mount --bind /dev "$tools/dev"
    mount --bind "$tools/usr/lib/modules" /usr/lib/modules
fi
chroot "$tools" modprobe virtio_console
until port=$(ls /dev/vport*p1 2>/dev/null); do sleep 0.2; done
exec chroot "$tools" /usr/sbin/sshd -i -f /etc/ssh/door 0<>"$port" 1>&0
""",
    "/etc/systemd/system/pkgci-door.service": b"""[Unit]
Description=The way in for the system test
DefaultDependencies=no

[Service]
ExecStart=/bin/sh /etc/pkgci/door.sh
Restart=always
RestartSec=1
KillMode=process
""",
    "/etc/systemd/system/sysinit.target.d/pkgci-door.conf": b"[Unit]\nWants=pkgci-door.service\n",
}


class VirtualMachine:
    """A running virtual machine. ``control`` is the socket of the SSH connection into it."""

    kind = "machine"

    def __init__(self, process: subprocess.Popen[bytes], control: Path) -> None:
        self._process = process
        self._control = control

    def around(self) -> list[str]:
        """Into a user namespace: whoever works there reads no file of this account."""
        return list(NAMESPACE)

    def into(self) -> list[str]:
        """Through the SSH connection."""
        return ["/usr/bin/python3", "-I", str(_HERE / "vm_door.py"), str(self._control)]

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None


@contextmanager
def booted(step: Step, root: System) -> Iterator[VirtualMachine]:
    """The system ``root``, booting. It has ended afterwards. Raises ``Ended`` (infrastructure)."""
    parts = vm_parts.ensure(step)
    with traversable(step, WORK) as folder:
        disk, door, control = folder / "disk", folder / "door", handed_over(step, folder / "control") / "ssh"
        # The account's own, for QEMU; written by the namespace, which alone knows the owners of what is in the root.
        disk.touch()
        disk.chmod(0o666)
        size = f"{step.settings.limits.disk_mb}M"
        make = ["mke2fs", "-q", "-t", "ext4", "-F", "-d", str(root.folder), str(disk), size]
        step.programs.must("make the disk", [*root.inside, *make])
        with (
            # QEMU holds it to its memory and to its disk, and is no part of it.
            step.programs.watched(None),
            _qemu(step, parts, disk, door) as process,
            _connection(step, process, door, control),
        ):
            yield VirtualMachine(process, control)


def command(parts: Parts, disk: Path, door: Path, memory: int) -> list[str | Path]:
    """QEMU's. ``memory`` is in MB."""
    words = "root=/dev/vda rw console=ttyS0 panic=-1 loglevel=4"
    return [
        *("setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-accel", "kvm", "-accel", "tcg", "-cpu", "max"),
        *("-machine", "q35", "-smp", "2", "-m", f"{memory}M", "-nodefaults", "-no-user-config", "-display", "none"),
        *("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny", "-no-reboot"),
        *("-kernel", parts.kernel, "-initrd", parts.initrd, "-append", words, "-serial", "stdio"),
        *("-drive", f"file={disk},if=virtio,format=raw,cache=unsafe"),
        *("-drive", f"file={parts.tools},if=virtio,format=raw,readonly=on"),
        *("-device", "virtio-rng-pci", "-device", "virtio-serial-pci"),
        *("-chardev", f"socket,id=door,path={door},server=on,wait=off"),
        *("-device", "virtserialport,chardev=door,nr=1,name=door"),
    ]


@contextmanager
def _qemu(step: Step, parts: Parts, disk: Path, door: Path) -> Iterator[subprocess.Popen[bytes]]:
    memory = min(_MEMORY_MB, max(step.settings.limits.memory_mb - _QEMU_MB, _QEMU_MB))
    process = step.programs.popen(
        command(parts, disk, door, memory),
        cwd="/",
        env={"PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        # The way in is for whoever works in a namespace, and lies in a folder that nobody else knows.
        umask=0,
    )
    console = _Console(process)
    try:
        yield process
    except Ended as ended:
        if ended.status is Status.INFRASTRUCTURE:
            step.log.say("the machine's console:")
            step.log.add(console.text())
        raise
    finally:
        process.kill()
        process.wait()


class _Console:
    """The end of what a machine says on its console."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._kept = bytearray()
        self._process = process
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def text(self) -> bytes:
        """What it said until now."""
        return bytes(self._kept)

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        with self._process.stdout as stream:
            while piece := os.read(stream.fileno(), 65536):
                self._kept.extend(piece)
                del self._kept[:-_CONSOLE_LIMIT]


@contextmanager
def _connection(step: Step, machine: subprocess.Popen[bytes], door: Path, control: Path) -> Iterator[None]:
    """Holds an SSH connection open, from the moment that there is one. Raises ``Ended`` (infrastructure)."""
    end = time.monotonic() + _SECONDS
    held = _ssh(door, control)
    try:
        while not control.exists():
            if step.stop.asked:
                raise Ended(Status.ABORTED, "it was asked to stop")
            if machine.poll() is not None or time.monotonic() > end:
                what = "QEMU ended" if machine.poll() is not None else f"it was not reached in {_SECONDS:g} s"
                raise Ended(Status.INFRASTRUCTURE, f"the virtual machine does not start: {what}")
            if held.poll() is not None:
                # Nobody listens yet.
                held = _ssh(door, control)
            time.sleep(0.3)
        yield
    finally:
        held.kill()
        held.wait()


def _ssh(door: Path, control: Path) -> subprocess.Popen[bytes]:
    options = [
        *("BatchMode=no", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"),
        *(f"ConnectTimeout={_SECONDS:.0f}", "ControlMaster=yes", f"ControlPath={control}", "ProxyUseFdpass=yes"),
        f"ProxyCommand=/usr/bin/python3 -I {_HERE / 'vm_connect.py'} {door}",
    ]
    words = [word for option in options for word in ("-o", option)]
    return subprocess.Popen(
        [*NAMESPACE, "setpriv", "--pdeathsig", "KILL", "ssh", "-F", "none", "-N", *words, "root@machine"],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "HOME": "/"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
