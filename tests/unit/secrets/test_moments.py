"""No secret is readable by others at any moment, whatever the umask: looked at whenever a file is opened or renamed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.secrets.test_needs import LDAP

# Argument: the folder to look at. What others could open, and what they would find, goes to standard error.
WATCH = """
import os, sys
from pathlib import Path

from pkgci.cli.main import main
from pkgci.secrets import openpgp

openpgp.ALGORITHM = "ed25519"
looking = False
place = Path(sys.argv.pop(1))

def reachable(folder):
    for path in folder.iterdir():
        mode = path.lstat().st_mode
        if path.is_dir() and mode & 0o005:
            yield from reachable(path)
        elif path.is_file() and mode & 0o077:
            yield path

def look(event, _):
    global looking
    if looking or event not in ("open", "os.rename", "os.chmod", "os.remove", "subprocess.Popen"):
        return
    looking = True
    try:
        for path in reachable(place):
            text = path.read_bytes()
            if "private" in path.name or b"PRIVATE KEY" in text or b"hunter22" in text:
                print("exposed", path, oct(path.stat().st_mode), file=sys.stderr)
            if path.stat().st_mode & 0o022:
                print("writable", path, file=sys.stderr)
    except FileNotFoundError:
        pass
    finally:
        looking = False

sys.addaudithook(look)
main()
"""


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_no_secret_is_readable_by_others_at_any_moment(write_site: Callable[..., Path], umask: int) -> None:
    site = write_site()
    site.write_text(site.read_text() + LDAP)
    folder = site.parent
    folder.chmod(0o755)
    (folder / "tmp").mkdir(mode=0o755)
    environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONPATH": os.pathsep.join(sys.path)}
    before = os.umask(0o022)
    os.umask(umask)
    try:
        for words, given in ((("init",), ""), (("set", "jenkins_master/ldap_password"), "hunter22\n")):
            command = [sys.executable, "-c", WATCH, str(folder), "secrets", *words, "--site", str(site)]
            done = subprocess.run(
                command, input=given, env=environment, capture_output=True, encoding="utf-8", check=False
            )
            assert done.returncode == 0, done.stderr
            assert "exposed" not in done.stderr, done.stderr
            assert "writable" not in done.stderr, done.stderr
    finally:
        os.umask(before)
    assert (folder / "secrets").stat().st_mode & 0o022 == 0
    assert (folder / "secrets/keys").stat().st_mode & 0o022 == 0
    assert [path for path in folder.rglob("*") if path.is_file() and b"hunter22" in path.read_bytes()] == []
