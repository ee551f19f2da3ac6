"""Which real servers can be had here, within a time that nobody minds: for `make demo`, which takes stand-ins else."""

from __future__ import annotations

import hashlib
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pkgci.model.services import Archive
from pkgci.model.site import Site

# Seconds for the first answer: who has no way to the Internet knows it soon.
_ANSWER_SECONDS = 3.0
_CHUNK = 1 << 18
# By so much of a download its speed is judged.
_SAMPLE = 4 << 20
_UPDATE_CENTER = "https://updates.jenkins.io/update-center.actual.json"

# Opens an address with a method, within so many seconds. Raises OSError.
Open = Callable[[str, str, float], Any]


@dataclass(frozen=True)
class Found:
    """Whether one server can be had, and why, in words; ``war`` is what was downloaded of it already."""

    server: str
    real: bool
    why: str
    war: Path | None = None


class _TooSlowError(OSError):
    """A download that would not end in time."""


def find_review(site: Site, folder: Path, seconds: float, open_url: Open | None = None) -> Found:
    """The Gerrit that the site pins, downloaded into ``folder`` within so many seconds; or why it is not there."""
    archive = site.review.archive
    if archive is None:
        return Found("Gerrit", False, f"the checksum of Gerrit {site.review.version} is not known")
    return _fetched("Gerrit", f"gerrit-{site.review.version}.war", archive, folder, seconds, open_url or _open)


def can_have_jenkins(site: Site, seconds: float, open_url: Open | None = None) -> Found:
    """Whether the Jenkins that the site pins can be had in time: its host downloads it, with its plugins, by itself."""
    opening, jenkins = open_url or _open, site.jenkins
    package = f"{jenkins.apt.url}/binary/jenkins_{jenkins.version}_all.deb"
    needed = [jenkins.war.url if jenkins.war is not None else package, jenkins.update_center or _UPDATE_CENTER]
    for address in needed:
        host = urlsplit(address).hostname
        try:
            opening(address, "HEAD", _ANSWER_SECONDS).close()
            if not _quick_enough(address, seconds, opening):
                return Found("Jenkins", False, f"a download from {host} takes longer than {seconds:.0f} s")
        except OSError as error:
            return Found("Jenkins", False, f"{host} {_reason(error)}")
    return Found("Jenkins", True, "its package and its plugins can be downloaded")


def _quick_enough(address: str, seconds: float, open_url: Open) -> bool:
    """Whether the whole of what is at ``address`` would come in time, judged by its beginning."""
    begun = time.monotonic()
    with open_url(address, "GET", _ANSWER_SECONDS) as answer:
        size, got = int(answer.headers.get("Content-Length") or 0), 0
        while got < _SAMPLE and time.monotonic() - begun < _ANSWER_SECONDS and (chunk := answer.read(_CHUNK)):
            got += len(chunk)
    return got > 0 and (time.monotonic() - begun) * max(size, got) / got <= seconds


def chosen_text(text: str, review: Found, jenkins: Found) -> str:
    """The site file ``text`` with a lab of the servers that can be had."""
    parts = [f"review: {{war: '{review.war}'}}"] if review.real else []
    parts += ["jenkins: real"] if jenkins.real else []
    return re.sub(r"^lab: .*$", lambda _: f"lab: {{{', '.join(parts)}}}", text, flags=re.MULTILINE)


def _fetched(server: str, name: str, archive: Archive, folder: Path, seconds: float, open_url: Open) -> Found:
    file = folder / name
    if file.is_file() and _checksum(file) == archive.sha256:
        return Found(server, True, "downloaded before", file)
    host = urlsplit(archive.url).hostname
    begun = time.monotonic()
    try:
        open_url(archive.url, "HEAD", _ANSWER_SECONDS).close()
        _download(archive.url, file, begun + seconds, open_url)
    except _TooSlowError:
        return Found(server, False, f"the download from {host} takes longer than {seconds:.0f} s")
    except OSError as error:
        return Found(server, False, f"{host} {_reason(error)}")
    if _checksum(file) != archive.sha256:
        file.unlink()
        return Found(server, False, f"what {host} has is not the release: its checksum is another")
    return Found(server, True, f"downloaded from {host} in {time.monotonic() - begun:.0f} s", file)


def _download(url: str, file: Path, deadline: float, open_url: Open) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".part")
    try:
        with open_url(url, "GET", _ANSWER_SECONDS) as answer, new.open("wb") as written:
            size, got, begun = int(answer.headers.get("Content-Length") or 0), 0, time.monotonic()
            while chunk := answer.read(_CHUNK):
                written.write(chunk)
                got += len(chunk)
                now = time.monotonic()
                # After some seconds it is known how long the whole takes.
                late = size and now - begun > _ANSWER_SECONDS and begun + (now - begun) * size / got > deadline
                if late or now > deadline:
                    raise _TooSlowError
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)


def _open(url: str, method: str, seconds: float) -> Any:
    request = urllib.request.Request(url, method=method)  # noqa: S310 - http and https, by the model
    return urllib.request.urlopen(request, timeout=seconds)  # noqa: S310


def _reason(error: OSError) -> str:
    """Why an address could not be read, in words that follow its host's name."""
    if isinstance(error, urllib.error.HTTPError):
        return f"answers {error.code}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLError):
        return "shows a certificate that is not trusted here"
    if isinstance(cause, TimeoutError):
        return f"does not answer within {_ANSWER_SECONDS:.0f} s"
    return "cannot be reached"


def _checksum(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
