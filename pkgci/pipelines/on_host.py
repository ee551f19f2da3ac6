"""What runs on Zuul's host, as root: looks at the live layout, tests a new one with Zuul itself, and replaces it.

The text of this file is sent to the host's Python (3.11 or later), with ``main(REQUEST)`` as its last line. It tells
what it does in lines of JSON, one object each, the last of which has the key ``end``. It needs nothing but Python.

Once it replaces files it goes on to its end, whether or not anybody still listens.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any, NoReturn

_PYTHON_FILE = re.compile(r"^\s*-?\s*python-file:\s*['\"]?([\w.+-]+\.py)\b", re.MULTILINE)
_HASHED = re.compile(r"[\w.+-]+-[0-9a-f]{12}\.py")
# Zuul's own test does not look at timers, and its reload would fail half-way at one that APScheduler refuses.
_TIMERS = """
import sys, yaml
from apscheduler.triggers.cron import CronTrigger
for pipeline in yaml.safe_load(open(sys.argv[1], "rb"))["pipelines"]:
    timers = pipeline.get("trigger", {}).get("timer") or []
    for timer in timers if isinstance(timers, list) else [timers]:
        fields = timer["time"].split()
        try:
            if not 5 <= len(fields) <= 6:
                raise ValueError("a time has 5 or 6 fields")
            minute, hour, day, _, weekday = fields[:5]
            CronTrigger(day=day, day_of_week=weekday, hour=hour, minute=minute, second=(fields + [None])[5])
        except Exception as error:
            sys.exit("%s: %s: %s" % (type(error).__name__, error, timer["time"]))
"""


def main(request: dict[str, Any]) -> None:
    """Does what ``request`` says: ``{"do": "look" | "test" | "replace", …}``."""
    for name in (signal.SIGHUP, signal.SIGPIPE):
        signal.signal(name, signal.SIG_IGN)
    host = _Host(request)
    if request["do"] == "look":
        host.look()
    with host.lock():
        host.check_unchanged()
        staged = host.stage()
        try:
            host.test(staged)
            if request["do"] == "replace":
                host.replace(staged)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    _end("tested")


def _tell(**facts: Any) -> None:
    try:
        print(json.dumps(facts), flush=True)
    except OSError:
        # Nobody listens any more. Python would complain again when it closes its output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(how: str, **facts: Any) -> NoReturn:
    _tell(end=how, **facts)
    sys.exit(0)


def _run(*command: str, timeout: float) -> tuple[int, str, str]:
    try:
        done = subprocess.run(
            command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return 124, "", f"{command[0]} did not end within {timeout:g} s"
    except OSError as error:
        return 127, "", f"{command[0]}: {error.strerror}"
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


class _Host:
    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.folder = Path(request["folder"])
        self.live = self.folder / "layout.yaml"
        self.venv = Path(request["venv"])
        self.unit: str = request["unit"]

    # What is there

    def look(self) -> NoReturn:
        layout = self._text(self.live)
        names = _PYTHON_FILE.findall(layout or "")
        functions = self._functions()
        known = {name.split(":")[1] for name in functions or () if name.startswith("build:")}
        jenkins: list[str] | None = None
        problem = ""
        if not known.issuperset(self.request["needs"]):
            jenkins, problem = self._jenkins()
        status = self._status()
        _end(
            "looked",
            installed=(self.venv / "bin/zuul-server").exists(),
            layout=layout,
            python={name: text for name in names if (text := self._text(self.folder / name)) is not None},
            written=self.live.stat().st_mtime if layout is not None else 0,
            running=self._running(),
            functions=functions,
            jenkins=jenkins,
            jenkins_problem=problem,
            status=status,
        )

    def _text(self, path: Path) -> str | None:
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None

    def _running(self) -> bool:
        return _run("systemctl", "is-active", "--quiet", self.unit, timeout=20)[0] == 0

    def _functions(self) -> list[str] | None:
        """Gearman's functions that a worker offers; None where Gearman does not answer."""
        try:
            with socket.create_connection(("127.0.0.1", self.request["gearman"]), timeout=10) as gearman:
                gearman.sendall(b"status\n")
                answer = b""
                while answer != b".\n" and not answer.endswith(b"\n.\n"):
                    data = gearman.recv(1 << 16)
                    if not data:
                        return None
                    answer += data
        except OSError:
            return None
        rows = [line.split("\t") for line in answer.decode(errors="replace").splitlines()]
        return sorted(row[0] for row in rows if len(row) == 4 and row[3] != "0")

    def _jenkins(self) -> tuple[list[str] | None, str]:
        """The names of Jenkins' jobs, or why they are not known."""
        url = self.request["jenkins"]
        try:
            with urllib.request.urlopen(url, timeout=15) as answer:  # noqa: S310
                return sorted(job["name"] for job in json.load(answer)["jobs"]), ""
        except (OSError, ssl.SSLError, ValueError, KeyError, TypeError) as error:
            return None, f"{url.partition('api/')[0]}: {getattr(error, 'reason', None) or error}"

    def _status(self) -> dict[str, Any] | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.request['webapp']}/status.json", timeout=10) as answer:
                status = json.load(answer)
        except (OSError, ValueError):
            return None
        return status if isinstance(status, dict) else None

    # The new layout

    def lock(self) -> IO[str]:
        path = self.request["lock"]
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _end("locked", holder=file.read().strip())
        file.truncate(0)
        file.write(f"{self.request['operator']} since {time.strftime('%H:%M:%S UTC', time.gmtime())}\n")
        file.flush()
        return file

    def check_unchanged(self) -> None:
        now = self._text(self.live)
        if (None if now is None else hashlib.sha256(now.encode()).hexdigest()) != self.request["expected"]:
            _end("changed")

    def stage(self) -> Path:
        staged = Path(tempfile.mkdtemp(prefix=".layout-", dir=self.folder))
        # Zuul's own user reads it.
        staged.chmod(0o755)
        for name, text in self.request["files"].items():
            self._write(staged / name, text)
        self._write(staged / "jobs", "".join(f"{job}\n" for job in self.request["jobs"]))
        return staged

    def _write(self, path: Path, text: str) -> None:
        with path.open("w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def test(self, staged: Path) -> None:
        """Ends with Zuul's words where Zuul does not take the layout."""
        _tell(doing="test")
        layout = str(staged / "layout.yaml")
        as_zuul = ("runuser", "-u", self.request["user"], "--")
        zuul = (str(self.venv / "bin/zuul-server"), "-c", str(self.folder / "zuul.conf"), "-l", layout)
        status, out, err = _run(*as_zuul, *zuul, "-t", str(staged / "jobs"), timeout=90)
        if status == 0:
            status, _, err = _run(*as_zuul, str(self.venv / "bin/python"), "-c", _TIMERS, layout, timeout=60)
        if status != 0:
            _end("refused", out=out, err=err[-20000:].replace(f"{staged}/", ""))

    def replace(self, staged: Path) -> None:
        """Puts the new files in place of the old, and sees to it that Zuul takes them: else the old come back."""
        old = self._text(self.live)
        for name in self.request["files"]:
            # The layout comes last: until then, what it includes lies beside the old one, which knows nothing of it.
            if name != "layout.yaml":
                (staged / name).rename(self.folder / name)
        (staged / "layout.yaml").rename(self.live)
        self._sync()
        problem = self._reload()
        if problem:
            if old is not None:
                _tell(doing="roll back")
                self._write(staged / "layout.yaml", old)
                (staged / "layout.yaml").rename(self.live)
                self._sync()
            log = self._log()
            again = self._reload() if old is not None else "there was no layout before"
            self._tidy()
            _end("rolled back", problem=problem, log=log, again=again)
        self._tidy()
        _end("replaced")

    def _tidy(self) -> None:
        """Removes the Python files that the live layout does not include."""
        kept = set(_PYTHON_FILE.findall(self._text(self.live) or ""))
        for path in self.folder.glob("*.py"):
            if _HASHED.fullmatch(path.name) and path.name not in kept:
                path.unlink(missing_ok=True)

    def _sync(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)

    def _reload(self) -> str:
        """Makes Zuul read the layout (or starts it); why it did not, or ''."""
        # Zuul says when in whole seconds, and the log is asked by them: no earlier attempt is in this one.
        last = int(time.time())
        while int(time.time()) <= last:
            time.sleep(0.05)
        self.since = int(time.time())
        running = self._running()
        _tell(doing="reload" if running else "start")
        status, _, err = _run("systemctl", "reload" if running else "restart", self.unit, timeout=60)
        if status != 0:
            return err.strip() or "systemctl failed"
        deadline = time.monotonic() + self.request["patience"]
        told = time.monotonic()
        while time.monotonic() < deadline:
            if self._reconfigured() >= self.since:
                return ""
            if any("Reconfiguration failed" in line for line in self._log()):
                return "Zuul could not take the layout"
            if not self._running():
                return "Zuul has ended"
            if time.monotonic() > told + 10:
                told = time.monotonic()
                _tell(doing="wait")
            time.sleep(0.5)
        return f"Zuul did not take the layout within {self.request['patience']} s"

    def _reconfigured(self) -> int:
        return int(((self._status() or {}).get("last_reconfigured") or 0) // 1000)

    def _log(self) -> list[str]:
        command = ("journalctl", "-u", self.unit, "-o", "cat", "--no-pager", "--since", f"@{self.since}")
        lines = _run(*command, timeout=20)[1].splitlines()
        errors = [index for index, line in enumerate(lines) if "Reconfiguration failed" in line or "ERROR" in line]
        return lines[errors[0] :][:60] if errors else lines[-20:]
