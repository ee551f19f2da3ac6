"""The wheel, installed where there is no checkout."""

import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.lab.conftest import CHECKOUT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of what is tracked here, with a lab's secrets planted where a demo leaves them."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    files = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=True).stdout
    archive = ["tar", "-cf", "-", "--null", "--files-from=-"]
    packed = subprocess.run(archive, cwd=CHECKOUT, input=files, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-xf", "-", "-C", str(source)], input=packed, check=True)
    for name in ("secrets/keys/private_key.pkcs7.pem", ".lab/id_ed25519", ".pkgci/last-run.json", "known_hosts"):
        planted = source / "examples/lab" / name
        planted.parent.mkdir(parents=True, exist_ok=True)
        planted.write_text("planted")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, source], check=True
    )
    return next(folder.glob("*.whl"))


def test_a_wheel_built_after_a_demo_holds_none_of_the_labs_keys(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        planted = [name for name in names if archive.read(name) == b"planted"]
    assert "pkgci/_assets/puppet/manifests/site.pp" in names
    assert any(name.endswith("/share/man/man1/pkgci-deploy.1") for name in names)
    assert planted == []


def test_pkgci_installed_from_its_wheel_begins_and_renders_a_site(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    subprocess.run([tmp_path / "venv/bin/pip", "install", "--quiet", wheel], check=True)
    command = "pkgci init mysite && cd mysite && pkgci validate && pkgci render-hiera"
    environment = {"PATH": f"{tmp_path}/venv/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
    result = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "# ── zuul01: data/roles/zuul.yaml" in result.stdout
