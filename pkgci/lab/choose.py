"""Which real servers can be had here, within a time that nobody minds: for `make demo`, which takes stand-ins else."""

from __future__ import annotations

import hashlib
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from pkgci.lab.chosen import with_lab
from pkgci.lab.parallel import begin
from pkgci.model.lab import Choice, Lab
from pkgci.model.records import read_records
from pkgci.model.roles import Role
from pkgci.model.services import Archive
from pkgci.model.site import Site
from pkgci.render.hiera import Placeholders, Renderer

# Seconds for the first answer: who has no way to the Internet knows it soon.
_ANSWER_SECONDS = 3.0
_CHUNK = 1 << 18
# By so much of a download its speed is judged.
_SAMPLE = 4 << 20
# Questions at a time.
_PARALLEL = 8
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
    opening, jenkins, begun = open_url or _open, site.jenkins, time.monotonic()
    package = f"{jenkins.apt.url}/binary/jenkins_{jenkins.version}_all.deb"
    update_center = jenkins.update_center or _UPDATE_CENTER
    needed = [jenkins.war.url if jenkins.war is not None else package, update_center]
    for address in needed:
        host = urlsplit(address).hostname
        try:
            opening(address, "HEAD", _ANSWER_SECONDS).close()
            if not _quick_enough(address, seconds, opening):
                return Found("Jenkins", False, f"a download from {host} takes longer than {seconds:.0f} s")
        except OSError as error:
            return Found("Jenkins", False, f"{host} {_reason(error)}")
    lacking = _lacking(_installed(site, update_center), begun + seconds, seconds, opening)
    if lacking is not None:
        return Found("Jenkins", False, lacking)
    return Found("Jenkins", True, "its package and its plugins can be downloaded")


def _installed(site: Site, update_center: str) -> dict[str, str]:
    """What the host of a real Jenkins downloads beside it, as its data has that: plugin or program → address."""
    real = replace(site, lab=(site.lab or Lab()).model_copy(update={"jenkins": Choice.REAL}))
    found: dict[str, str] = {}
    plugins: dict[str, str] = {}
    for host in real.with_role(Role.JENKINS_MASTER)[:1]:
        texts = Renderer(real, records=read_records(real)).render(host, Placeholders()).files
        # The first layer that has a key wins, and of plugins the one that has the plugin.
        for layer in reversed([yaml.safe_load(text) or {} for text in texts.values()]):
            plugins |= layer.get("profile::jenkins_master::plugins", {})
            if isinstance(installer := layer.get("profile::jenkins_master::plugin_installer"), dict):
                found["the plugin manager"] = str(installer["url"])
    # As the plugin manager does it.
    base = f"{urlsplit(update_center).scheme}://{urlsplit(update_center).netloc}/download/plugins"
    at = {name: f"{base}/{name}/{version}/{name}.hpi" for name, version in plugins.items()}
    return found | {f"the plugin {name} {plugins[name]}": address for name, address in at.items()}


def _lacking(addresses: dict[str, str], deadline: float, seconds: float, open_url: Open) -> str | None:
    """Why one of ``addresses`` cannot be downloaded, asked side by side until ``deadline``; None where all can be."""
    begun = begin(lambda address: _head(address, deadline, open_url), list(addresses.values()), _PARALLEL)
    asked = dict(zip(begun, addresses, strict=True))
    try:
        done, waiting = wait(asked, max(0.0, deadline - time.monotonic()), FIRST_EXCEPTION)
    finally:
        for future in begun:
            future.cancel()
    for name, error in _failed(asked, done):
        return f"{name}: {urlsplit(addresses[name]).hostname} {_reason(error)}"
    return f"whether its plugins are there, is not known within {seconds:.0f} s" if waiting else None


def _failed(asked: dict[Future[None], str], done: Iterable[Future[None]]) -> Iterable[tuple[str, OSError]]:
    for one in done:
        error = None if one.cancelled() else one.exception()
        if isinstance(error, OSError):
            yield asked[one], error
        elif error is not None:
            raise error


def _head(address: str, deadline: float, open_url: Open) -> None:
    open_url(address, "HEAD", min(_ANSWER_SECONDS, max(0.1, deadline - time.monotonic()))).close()


def _quick_enough(address: str, seconds: float, open_url: Open) -> bool:
    """Whether the whole of what is at ``address`` would come in time, judged by its beginning."""
    begun = time.monotonic()
    with open_url(address, "GET", _ANSWER_SECONDS) as answer:
        size, got = int(answer.headers.get("Content-Length") or 0), 0
        while got < _SAMPLE and time.monotonic() - begun < _ANSWER_SECONDS and (chunk := answer.read(_CHUNK)):
            got += len(chunk)
    return got > 0 and (time.monotonic() - begun) * max(size, got) / got <= seconds


def chosen_text(text: str, review: Found, jenkins: Found) -> str:
    """The site file ``text`` with a lab of the servers that can be had; stand-ins take the places of others."""
    chosen = {
        "review": {"war": str(review.war)} if review.real else None,
        "jenkins": Choice.REAL.value if jenkins.real else None,
    }
    return with_lab(text, chosen)


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
