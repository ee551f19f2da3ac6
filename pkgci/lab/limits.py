"""What many systemds on one kernel run short of: inotify instances, of which a user may have only so many."""

from __future__ import annotations

from pathlib import Path

from pkgci.errors import UsageError

INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")

# Measured: systemd has 5 and dbus 1 in an idle host of Debian 12 and 13; the others are for what Puppet installs.
PER_HOST = 8
# What distributions with a larger default than the kernel's 128 have.
ENOUGH = 1024


def ensure_inotify(hosts: int, setting: Path = INSTANCES) -> str | None:
    """Sees to it that ``hosts`` lab hosts can boot on this kernel; tells what it changed, if anything.

    Without enough of them systemd fails at random. Raises ``PkgciError`` where this user may not raise the limit.
    """
    try:
        limit = int(setting.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    needed = hosts * PER_HOST
    if needed <= limit:
        return None
    wanted = max(needed, ENOUGH)
    try:
        setting.write_text(f"{wanted}\n", encoding="utf-8")
    except OSError:
        raise UsageError(
            f"{hosts} lab hosts need about {needed} inotify instances, and this machine allows a user {limit}",
            f"as root: `sysctl -w fs.inotify.max_user_instances={wanted}`",
        ) from None
    return f"inotify instances a user may have: raised from {limit} to {wanted}, until this machine's next boot"
