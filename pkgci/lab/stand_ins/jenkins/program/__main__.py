"""The service: starts, says so to systemd, and runs until it is told to end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path

from .config.faults import ConfigError
from .controller import Controller
from .notify import notify
from .settings import SettingsError, from_environment
from .web.app import App
from .web.server import Server

_VERSION_FILE = Path(__file__).parent / "version"


def main() -> int:
    """Runs until SIGTERM. 0 after that, 1 where it cannot start."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    logging.getLogger("gear").setLevel(logging.CRITICAL)
    ended, anew = threading.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        version = _VERSION_FILE.read_text(encoding="utf-8").strip()
        settings = from_environment(os.environ, version)
        controller = Controller(settings, os.environ)
        server = Server(settings.address, settings.port, settings.prefix, App(controller))
    except (ConfigError, SettingsError, OSError) as error:
        print(f"SEVERE: Failed to start pkgci's stand-in for Jenkins:\n{error}", file=sys.stderr)
        return 1

    def restart() -> None:
        anew.set()
        ended.set()

    controller.on_restart = restart
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    controller.start()
    notify("READY=1\nSTATUS=pkgci's stand-in for Jenkins is up and running")
    ended.wait()
    notify("STOPPING=1")
    server.shutdown()
    controller.close()
    if anew.is_set():
        # The same process, as the real one: systemd notices nothing.
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - itself.
    return 0


if __name__ == "__main__":
    sys.exit(main())
