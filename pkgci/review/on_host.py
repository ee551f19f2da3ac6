"""What runs on Zuul's host, as root: asks Gerrit as Zuul does, with Zuul's key and the host keys that Zuul believes.

The text of this file is sent to the host's Python (3.11 or later), with ``main(REQUEST)`` as its last line. It prints
one line of JSON, the facts. It changes nothing, here and in Gerrit, and needs nothing but Python, ssh and git. Clones
go to a folder of Zuul's own, which it removes.
"""

from __future__ import annotations

import email.utils
import json
import os
import shlex
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

# Seconds: for a command of Gerrit's, for a page, for the heads of a repository, and for a clone of it.
_COMMAND, _PAGE, _HEADS, _CLONE = 40, 15, 60, 120
# Seconds after which no clone goes on or begins.
_CLONES = 210
# So many of a project's newest changes are looked at, and so many of those that the account voted down.
_NEWEST, _REFUSED = 20, 5
# On a disk: the folder for clones. /tmp may be in memory.
_TEMPORARY = "/var/tmp"  # noqa: S108 - mktemp makes a folder in it
# Statuses of what was not ended by itself: too slow, and not begun for want of time.
_TOO_SLOW, _NOT_BEGUN = 124, None
# How long a stream of events must last to be believed, in seconds, and as a multiple of what a short command takes.
_STREAM, _STREAM_FACTOR = 1.0, 4.0
# Connections at a time: Gerrit allows an account only some.
_PARALLEL = 4

_Told = TypeVar("_Told")


def main(request: dict[str, Any]) -> None:
    """Prints what ``request`` asks for: ``{"unix": …, "folder": …, "account": …, "host": …, "port": …, …}``."""
    print(json.dumps(_Asking(request).facts()), flush=True)


class _Asking:
    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.folder = Path(request["folder"])
        self.ssh = ("ssh", "-F", f"{self.folder}/config", "-i", f"{self.folder}/gerrit", "-p", str(request["port"]))
        self.place = f"{request['account']}@{request['host']}"
        self.until = time.monotonic() + _CLONES

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
                members = pool.submit(self._gerrit, f"ls-members --recursive {shlex.quote(self.request['group'])}")
                changes = {name: pool.submit(self._changes, name) for name in self.request["projects"]}
                heads = {name: pool.submit(self._heads, name) for name in self.request["projects"]}
                # Where no page answers, none is waited for.
                asked = self.request["projects"] if web.result()["status"] else []
                pages = {name: pool.submit(self._project, name) for name in asked}
                clones = {name: pool.submit(self._clone, name, tips.result()) for name, tips in heads.items()}
                facts |= {"stream": stream.result(), "names": names.result(), "members": members.result()}
                facts["changes"] = _results(changes)
                facts |= {"heads": _results(heads), "clones": _results(clones), "pages": _results(pages)}
            elif "ost key" in version["err"] or "HOST IDENTIFICATION" in version["err"]:
                facts["shown"] = self._shown()
            facts["web"] = web.result()
        return facts

    def _known(self) -> str:
        try:
            return (self.folder / "known_hosts").read_text(encoding="utf-8")
        except OSError:
            return ""

    def _shown(self) -> str:
        """The host keys that Gerrit shows, as lines of known_hosts."""
        scan = ("ssh-keyscan", "-T", "10", "-p", str(self.request["port"]), self.request["host"])
        return str(self._run(scan, _COMMAND, as_zuul=False)["out"])

    def _gerrit(self, command: str) -> dict[str, Any]:
        return self._run((*self.ssh, self.place, f"gerrit {command}"), _COMMAND)

    def _heads(self, project: str) -> dict[str, Any]:
        return self._run(("git", "ls-remote", "--heads", self._url(project)), _HEADS)

    def _url(self, project: str) -> str:
        return f"ssh://{self.place}:{self.request['port']}/{urllib.parse.quote(project)}"

    def _clone(self, project: str, heads: dict[str, Any]) -> dict[str, Any]:
        """Clones the tip of a branch, and removes that. ``branch`` is which; '' where there is none."""
        names = [line.split()[1].removeprefix("refs/heads/") for line in heads["out"].splitlines() if "\t" in line]
        if not names:
            return {"branch": "", "status": 0, "err": ""}
        branch = next((name for name in (*self.request["branches"], "main", "master") if name in names), names[0])
        made = self._run(("mktemp", "-d", "-p", _TEMPORARY, "pkgci-clone-XXXXXXXX"), _COMMAND)
        folder = made["out"].strip()
        if made["status"] != 0:
            return {"branch": branch, "status": made["status"], "err": made["err"]}
        try:
            return {"branch": branch, **self._cloned(project, branch, folder)}
        finally:
            self._run(("rm", "-rf", "--", folder), _COMMAND)

    def _cloned(self, project: str, branch: str, folder: str) -> dict[str, Any]:
        # A server that cannot leave files out says so, and sends all; some refuse instead.
        for without in (("--filter=blob:none",), ()):
            left = min(_CLONE, self.until - time.monotonic())
            if left <= 0:
                return {"status": _NOT_BEGUN, "err": f"the clones before it took {_CLONES} s"}
            words = ("git", "clone", "--quiet", "--bare", "--depth=1", f"--branch={branch}", *without)
            done = self._run((*words, "--", self._url(project), f"{folder}/clone{len(without)}"), left)
            if done["status"] in (0, _TOO_SLOW):
                break
        return {"status": done["status"], "err": done["err"]}

    def _changes(self, project: str) -> list[dict[str, Any]]:
        """A project's newest changes, and those that the account voted down: their labels and votes."""
        label, account = self.request["label"], self.request["account"]
        asked = (f"limit:{_NEWEST}", f"label:{label}<0,user={account} limit:{_REFUSED}")
        options = "--format json --submit-records --all-approvals --current-patch-set"
        lines = [
            line
            for words in asked
            for line in self._gerrit(f"query {options} 'project:\"{project}\" {words}'")["out"].splitlines()
        ]
        return [_brief(change) for change in map(_object, lines) if "number" in change]

    def _stream(self, patience: float) -> dict[str, Any]:
        """Listens to events for a moment. ``status`` is None where it could go on."""
        process = self._start((*self.ssh, self.place, "gerrit stream-events"))
        try:
            _, err = process.communicate(timeout=patience)
            return {"status": process.returncode, "err": err.decode(errors="replace")}
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGTERM)
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
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return {"status": _TOO_SLOW, "out": "", "err": f"no answer within {timeout:.0f} s"}
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
            # With what it starts, it can be ended as one.
            start_new_session=True,
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


def _results(asked: dict[str, Future[_Told]]) -> dict[str, _Told]:
    return {name: one.result() for name, one in asked.items()}


def _object(line: str) -> dict[str, Any]:
    """What a line of JSON says; nothing where it is none."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _brief(change: dict[str, Any]) -> dict[str, Any]:
    """Of a change, what is asked for: its labels, and who voted what on it."""
    records = change.get("submitRecords") or ()
    sets = (change.get("currentPatchSet") or {}, *(change.get("patchSets") or ()))
    votes = {
        (vote["type"], int(vote["value"]), (vote.get("by") or {}).get("username", ""))
        for one in sets
        for vote in one.get("approvals") or ()
    }
    return {
        "number": change["number"],
        "branch": change.get("branch", ""),
        "labels": sorted({label["label"] for record in records for label in record.get("labels") or ()}),
        "votes": sorted(votes),
    }
