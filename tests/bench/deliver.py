"""pkgci's delivery alone, without the run that it starts: ``python -m tests.bench.deliver SITE PAYLOAD``.

What the peers are given packed, this packs itself: it sends the same files.
"""

from __future__ import annotations

import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

from pkgci.errors import PkgciError
from pkgci.model.load import load_site
from pkgci.model.site import Host
from pkgci.puppetrun.bundle import Archive, code_archive, data_archive, run_archive
from pkgci.puppetrun.host_state import ask_state, script
from pkgci.remote.fanout import each_host
from pkgci.remote.pool import Pool
from pkgci.remote.session import open_session
from pkgci.remote.trust import Trust

# Where the program on the host has delivered and begins to start the run.
_START = "\ncommand -v systemd-run"


def main(site_file: Path, payload: Path) -> None:
    """Delivers ``payload`` to every host of the site. Raises ``PkgciError`` where a host does not take it."""
    site = load_site(site_file)
    trust = Trust.of(site)
    code = code_archive(payload / "code.d")
    program, start, _ = script("deliver").partition(_START)
    if not start:
        raise PkgciError("the program that delivers is not the one that this bench knows")

    pool = Pool()

    def deliver(host: Host) -> None:
        folder = payload / f"{host.name}.d"
        files = {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}
        data = data_archive(files, code)
        own = run_archive({"runner": script("runner"), "conclude": script("conclude"), "plan": ""}, data)
        run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        with open_session(site, host, trust, pool) as session:
            has = ask_state(session, (code.name, data.name)).releases
            parts = [_part("release", archive.name, archive) for archive in (code, data) if archive.name not in has]
            parts.append(_part("run", "-", own))
            delivery = f"set -- {run} {data.name} 60\n{program}"
            done = session.run(delivery, stdin=b"".join(parts), timeout=120)
        if done.status != 0:
            raise PkgciError(f"{host.name}: {done.stderr}")

    results = each_host(site.hosts, deliver, pool, parallel=len(site.hosts))
    for result in results.values():
        if isinstance(result, PkgciError):
            raise result


def _part(kind: str, name: str, archive: Archive) -> bytes:
    return f"{kind} {name} {len(archive.packed)}\n".encode() + archive.packed


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
