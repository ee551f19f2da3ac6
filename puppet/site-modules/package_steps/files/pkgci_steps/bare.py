"""A program, started as root of new namespaces (users, mounts, processes, network): runs a command in a bare system.

    bare.py FOLDER COMMAND…

There is FOLDER, where the command works, and what every host of the distribution has: /usr, and of /etc what programs
need. Nothing else of this host is to be seen: no socket below /run, no key, nobody else's work. It stands alone: it is
run by its path, and imports nothing of ours but the way into a root.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .install import enter
else:
    sys.path.insert(0, str(Path(__file__).parent / "install"))
    import enter

# linux/mount.h
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND = 1, 2, 4, 32, 4096
# What a mount has is not to be taken from it here: statvfs(3) → mount(2).
_KEPT = {2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: 1 << 21}
# Where the new root is put together: what is there on a host is the first that is not to be seen.
_ROOT = Path("/run")
_TREES = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")
# Patterns, in /etc: how programs work, and nothing that tells of this host or of its people.
_SETTINGS = (
    *("alternatives", "debian_version", "dpkg/origins", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime"),
    *("groff", "locale.alias", "magic*", "manpath.config", "mime.types", "os-release", "perl", "python3*"),
    *("redhat-release", "rpm", "rpmlint", "services", "protocols", "terminfo", "timezone", "xdg"),
    # What own steps may call, too: Java, and what makes documentation.
    *(
        "emacs",
        "fonts",
        "ImageMagick-*",
        "java-*",
        "maven/m2.conf",
        "maven/logging",
        "sgml",
        "ssl/openssl.cnf",
        "texmf",
        "xml",
    ),
)
_NAMES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nbuilder:x:1000:1000::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n",
    "etc/group": "root:x:0:\nbuilder:x:1000:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost bare\n::1 localhost\n",
    "etc/hostname": "bare\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nservices: files\n",
}


def _shown(path: str, root: Path, *, writable: bool = False) -> None:
    """Shows /``path`` of the host in ``root``, if there is such a thing: a link as it is, all else in its place."""
    source, target = Path("/", path), root / path
    if source.is_symlink():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(source.readlink())
    elif source.exists():
        (target if source.is_dir() else target.parent).mkdir(parents=True, exist_ok=True)
        if not source.is_dir():
            target.touch()
        enter.mount(str(source), target, "", _BIND)
        if not writable:
            now = os.statvfs(target).f_flag
            kept = sum(flag for word, flag in _KEPT.items() if now & word)
            enter.mount("", target, "", _REMOUNT | _BIND | _RDONLY | kept)


def _settings(etc: Path = Path("/etc")) -> list[str]:
    """What of /etc is shown, by its path in there."""
    return [f"etc/{path.relative_to(etc)}" for pattern in _SETTINGS for path in sorted(etc.glob(pattern))]


def _furnish(root: Path, folder: Path) -> None:
    enter.mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, "mode=755,size=512m")
    for name in ("dev", "etc", "proc", "root", "run", "sys", "tmp", "var"):
        (root / name).mkdir()
    (root / "tmp").chmod(0o1777)
    (root / "var/tmp").symlink_to("../tmp")
    for name in (*_TREES, *_settings()):
        _shown(name, root)
    for name, text in _NAMES.items():
        (root / name).write_text(text)
    _shown(str(folder).lstrip("/"), root, writable=True)


def main() -> None:
    """Becomes the command, in the folder it was started in, or ends with status 125."""
    here = Path.cwd()
    try:
        os.umask(0o022)
        enter.require_namespace()
        _furnish(_ROOT, Path(sys.argv[1]))
        enter.enter(_ROOT)
        socket.sethostname("bare")
        os.chdir(here)
        os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 (no shell is the point)
    except OSError as error:
        print(f"no bare system can be made of {sys.argv[1]}: {error}", flush=True)
        os._exit(125)


if __name__ == "__main__":
    main()
