"""Runs the review: ``python3 -m pkgci.lab.stand_ins.review SETTINGS STATE PACKAGES RUN CERTIFICATE KEY``."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from pathlib import Path

from pkgci.lab.stand_ins.review.review import Review
from pkgci.lab.stand_ins.review.settings import read_settings
from pkgci.lab.stand_ins.review.ssh import SshSide
from pkgci.lab.stand_ins.review.web import WebServer, serve_in_background

_HTTPS = 443


async def main(settings_file: Path, state: Path, packages: Path, run: Path, certificate: Path, key: Path) -> None:
    """Serves until the program is ended. Tells systemd when both sides answer."""
    settings = read_settings(settings_file)
    review = Review(state, settings)
    review.make_projects()
    await SshSide(review, run / "hook.socket").start(settings.port, state / "ssh_host_ed25519_key")
    serve_in_background(WebServer(review, packages, _HTTPS, certificate, key))
    _tell_systemd("READY=1")
    await asyncio.Event().wait()


def _tell_systemd(text: str) -> None:
    """sd_notify(3)."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.connect(address.replace("@", "\0", 1) if address.startswith("@") else address)
            connection.send(text.encode())


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    logging.getLogger("asyncssh").setLevel(logging.WARNING)
    asyncio.run(main(*(Path(argument) for argument in sys.argv[1:])))
