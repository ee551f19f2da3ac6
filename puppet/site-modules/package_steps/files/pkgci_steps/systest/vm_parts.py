"""What every virtual machine is made of beside its own disk: a kernel, its initrd, and a disk with tools.

Made once per slave of its own distribution, since any system boots on any newer kernel. The tools are a small system of
their own, with an SSH server: a system under test needs to bring nothing, and nothing in it is changed by a package.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from ..chroots.deb import Recipe, make_of
from ..chroots.kept import turn
from ..mirrors import distribution
from ..namespaces import INSIDE, traversable
from ..settings import CHROOTS, Target
from ..status import Ended, Status
from ..step import Step

FOLDER = CHROOTS / "machine"
# Kernels get old: whoever comes after so many days makes all of it anew.
_DAYS = 30
_KERNELS = {"debian": "linux-image-cloud-{}", "ubuntu": "linux-image-virtual"}
_RELEASE = Path("/etc/os-release")
# Whoever reaches this server is the slave's own test: it hears nobody but the virtual port that QEMU gives it.
_SSHD = "PermitRootLogin yes\\nPermitEmptyPasswords yes\\nUsePAM no\\nUseDNS no\\nMaxSessions 100\\n"
_HOOKS = (
    'chroot "$1" passwd --delete root',
    f"printf '{_SSHD}HostKey /etc/ssh/ssh_host_ed25519_key\\n' >\"$1/etc/ssh/door\"",
)


@dataclass(frozen=True)
class Parts:
    """The files."""

    folder: Path

    @property
    def kernel(self) -> Path:
        """What QEMU loads."""
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        """What finds the disk."""
        return self.folder / "initrd.img"

    @property
    def tools(self) -> Path:
        """The disk with tools and the kernel's modules, ext4."""
        return self.folder / "tools.img"


def ensure(step: Step, folder: Path = FOLDER) -> Parts:
    """The parts, made where there are none yet, or old ones. Raises ``Ended`` (infrastructure)."""
    parts = Parts(folder)
    folder.mkdir(exist_ok=True)
    if _old(parts):
        step.log.say(f"the kernel of virtual machines is made in {folder}, once in {_DAYS} days")
        with turn(step, parts.tools):
            if _old(parts):
                _make(step, parts)
    return parts


def _old(parts: Parts) -> bool:
    # The disk is the last that is put there.
    return not parts.tools.exists() or time.time() - parts.tools.stat().st_mtime > _DAYS * 86400


def _make(step: Step, parts: Parts) -> None:
    with traversable(step, parts.folder) as work:
        work.chmod(0o777)
        tarball, root, disk = work / "root.tar", str(work / "root"), work / "disk"
        make_of(step, Target("machine", "deb", suite=_suite()), _recipe(step), tarball)
        unpack = ["tar", "--extract", "--file", str(tarball), "--directory", root, "--exclude=./dev/*"]
        step.programs.must("make a folder", [*INSIDE, "mkdir", root])
        step.programs.must("unpack the tools", [*INSIDE, *unpack])
        for name, part in (("vmlinuz", parts.kernel), ("initrd.img", parts.initrd)):
            found = ["sh", "-c", 'cp "$(ls "$1"/boot/"$2"-* | tail -n 1)" "$3"; chmod 0644 "$3"', "sh", root, name]
            step.programs.must(f"find {name}", [*INSIDE, *found, str(work / name)])
            (work / name).replace(part)
        image = ["mke2fs", "-q", "-t", "ext4", "-L", "tools", "-d", root, str(disk), "2G"]
        step.programs.must("make the disk with tools", [*INSIDE, *image])
        disk.replace(parts.tools)


def _recipe(step: Step) -> Recipe:
    status, output = step.programs.output(["dpkg", "--print-architecture"])
    if status != 0:
        raise Ended(Status.INFRASTRUCTURE, "dpkg does not tell this host's architecture")
    kernel = _KERNELS[distribution(_suite())].format(output.decode().strip())
    return Recipe("minbase", (kernel, "initramfs-tools", "openssh-server", "kmod"), hooks=_HOOKS)


def _suite() -> str:
    words = dict(line.split("=", 1) for line in _RELEASE.read_text().splitlines() if "=" in line)
    return words.get("VERSION_CODENAME", "").strip('"')
