"""What a build's chroot gets beside its distribution: the repositories of the site, their keys, and their ranks."""

from __future__ import annotations

import base64
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from .. import review
from ..settings import Target
from ..status import Ended, Status
from ..step import Step

SOURCES = "etc/apt/sources.list.d/pkgci.sources"
PREFERENCES = "etc/apt/preferences.d/pkgci"
# Said by the chroot where its apt cannot read them.
UNREADABLE = "pkgci: the repositories of the site cannot be read"


def setup_commands(step: Step, target: Target) -> list[str]:
    """Shell commands that make the chroot know the repositories there are for this build; none where there are none.

    Raises ``Ended`` (infrastructure).
    """
    found = review.beside(step.inputs, step.settings)
    if not found:
        return []
    step.log.say(f"build dependencies come from {', '.join(item.name for item in found)} too")
    files = {
        SOURCES: review.apt_sources(found, target).encode(),
        PREFERENCES: review.apt_preferences(found, target).encode(),
    }
    keys = {
        "release.asc": step.settings.repository.release_key,
        "review.asc": step.settings.repository.review_key,
    }
    for item in found:
        files[str(review.KEYS / item.key).lstrip("/")] = _key(keys[item.key])
    return commands(files)


def commands(files: Mapping[str, bytes]) -> list[str]:
    """Shell commands that write ``files`` (path → content) and have apt read the sources among them.

    sbuild puts its own words for ``%`` signs: there are none here.
    """
    update = (
        f"apt-get -q update -o Dir::Etc::sourcelist=/{SOURCES} -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0"
    )
    return [
        f"echo {base64.b64encode(_tar(files)).decode()} | base64 -d | tar -x -z -C / --no-same-owner",
        # apt-get's status is 0 for most of what it cannot fetch, unless this is asked for.
        f"{update} -o APT::Update::Error-Mode=any || {{ echo '{UNREADABLE}'; false; }}",
    ]


def _key(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Ended(Status.INFRASTRUCTURE, f"the repository's key {file} cannot be read: {error.strerror}") from None


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            item = tarfile.TarInfo(name)
            item.size, item.mode = len(content), 0o644
            archive.addfile(item, io.BytesIO(content))
    return buffer.getvalue()
