"""What runs on Zuul's host, as root: asks Gerrit as Zuul does, with Zuul's key and the host keys that Zuul believes.

The text of this file is sent to the host's Python (3.11 or later), with ``main(REQUEST)`` as its last line. It prints
one line of JSON, the facts. It changes nothing, here and in Gerrit, and needs nothing but Python, ssh and git.
"""

from __future__ import annotations

import email.utils
import json
import os
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

# Seconds: for a command of Gerrit's, for a page, and for the heads of a repository.
_COMMAND, _PAGE, _HEADS = 40, 15, 60
# How long a stream of events must last to be believed, in seconds, and as a multiple of what a short command takes.
_STREAM, _STREAM_FACTOR = 1.0, 4.0
# Connections at a time: Gerrit allows an account only some.
_PARALLEL = 4


def main(request: dict[str, Any]) -> None:
    """Prints what ``request`` asks for: ``{"unix": …, "folder": …, "account": …, "host": …, "port": …, …}``."""
    print(json.dumps(_Asking(request).facts()), flush=True)


class _Asking:
    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.folder = Path(request["folder"])
        self.ssh = ("ssh", "-F", f"{self.folder}/config", "-i", f"{self.folder}/gerrit", "-p", str(request["port"]))
        self.place = f"{request['account']}@{request['host']}"

    def facts(self) -> dict[str, Any]:
        if not (self.folder / "gerrit").exists():
            return {"installed": False}
        begun = time.monotonic()
        version = self._gerrit("version")
        took = time.monotonic() - begun
        facts: dict[str, Any] = {"installed": True, "version": version, "known": self._known()}
        with ThreadPoolExecutor(_PARALLEL) as pool:
            web = pool.submit(self._web)
            if version["status"] == 0:
                stream = pool.submit(self._stream, max(_STREAM, _STREAM_FACTOR * took))
                names = pool.submit(self._gerrit, "ls-projects")
                heads = {name: pool.submit(self._heads, name) for name in self.request["projects"]}
                # Where no page answers, none is waited for.
                asked = self.request["projects"] if web.result()["status"] else []
                pages = {name: pool.submit(self._project, name) for name in asked}
                facts["stream"], facts["names"] = stream.result(), names.result()
                facts["heads"] = {name: found.result() for name, found in heads.items()}
                facts["pages"] = {name: found.result() for name, found in pages.items()}
            elif "ost key" in version["err"] or "HOST IDENTIFICATION" in version["err"]:
                facts["shown"] = self._shown()
            facts["web"] = web.result()
        return facts

    def _known(self) -> str:
        try:
            return (self.folder / "known_hosts").read_text()
        except OSError:
            return ""

    def _shown(self) -> str:
        """The host keys that Gerrit shows, as lines of known_hosts."""
        scan = ("ssh-keyscan", "-T", "10", "-p", str(self.request["port"]), self.request["host"])
        return str(self._run(scan, _COMMAND, as_zuul=False)["out"])

    def _gerrit(self, command: str) -> dict[str, Any]:
        return self._run((*self.ssh, self.place, f"gerrit {command}"), _COMMAND)

    def _heads(self, project: str) -> dict[str, Any]:
        path = urllib.parse.quote(project)
        url = f"ssh://{self.place}:{self.request['port']}/{path}"
        return self._run(("git", "ls-remote", "--heads", url), _HEADS)

    def _stream(self, patience: float) -> dict[str, Any]:
        """Listens to events for a moment. ``status`` is None where it could go on."""
        process = self._start((*self.ssh, self.place, "gerrit stream-events"))
        try:
            _, err = process.communicate(timeout=patience)
            return {"status": process.returncode, "err": err.decode(errors="replace")}
        except subprocess.TimeoutExpired:
            process.terminate()
            process.communicate()
            return {"status": None, "err": ""}

    def _run(self, command: tuple[str, ...], timeout: float, *, as_zuul: bool = True) -> dict[str, Any]:
        try:
            process = self._start(command, as_zuul=as_zuul)
        except OSError as error:
            return {"status": 127, "out": "", "err": f"{command[0]}: {error.strerror}"}
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return {"status": 124, "out": "", "err": f"no answer within {timeout:g} s"}
        return {
            "status": process.returncode,
            "out": out.decode(errors="replace"),
            "err": err.decode(errors="replace")[-4000:],
        }

    def _start(self, command: tuple[str, ...], *, as_zuul: bool = True) -> subprocess.Popen[bytes]:
        become = ("runuser", "-u", self.request["unix"], "--") if as_zuul else ()
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.folder.parent),
            "LC_ALL": "C.UTF-8",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_SSH_COMMAND": " ".join(self.ssh[:5]),
        }
        return subprocess.Popen(
            (*become, *command),
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def _web(self) -> dict[str, Any]:
        """Gerrit's version by its web address, and how far this clock is ahead of Gerrit's, in seconds."""
        before = time.time()
        page = self._page("/config/server/version")
        middle = (before + time.time()) / 2
        date = email.utils.parsedate_to_datetime(page["date"]).timestamp() if page.get("date") else None
        # The header has whole seconds: on average, half of one is cut off.
        return {**page, "ahead": None if date is None else round(middle - date - 0.5, 1)}

    def _project(self, name: str) -> dict[str, Any]:
        """What anybody may see of a project: its labels, its settings, and one change of it."""
        path = f"/projects/{urllib.parse.quote(name, safe='')}"
        query = urllib.parse.urlencode({"q": f'project:"{name}"', "n": 1}) + "&o=DETAILED_LABELS&o=DETAILED_ACCOUNTS"
        return {
            "project": self._page(path),
            "config": self._page(f"{path}/config"),
            "change": self._page(f"/changes/?{query}"),
        }

    def _page(self, path: str) -> dict[str, Any]:
        """A page of REST without a login: its status, its date, and what its JSON says."""
        url = self.request["url"] + path
        asked = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310
        try:
            with urllib.request.urlopen(asked, timeout=_PAGE) as answer:  # noqa: S310 - the site's own address
                text = answer.read(4 << 20).decode(errors="replace")
                date = answer.headers.get("Date")
                return {"status": answer.status, "date": date, "data": _json(text), "error": ""}
        except urllib.error.HTTPError as error:
            return {"status": error.code, "date": error.headers.get("Date"), "data": None, "error": ""}
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            return {"status": 0, "date": None, "data": None, "error": str(reason)[:300]}


def _json(text: str) -> Any:
    """What Gerrit's JSON says; None for any other text."""
    try:
        return json.loads(text.removeprefix(")]}'")) if text.startswith(")]}'") else None
    except ValueError:
        return None
