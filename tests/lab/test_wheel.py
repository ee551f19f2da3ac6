"""The wheel, installed where there is no checkout."""

import shutil
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


@pytest.fixture(scope="module")
def zuul_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with zuul_py3, from its wheel, and a Zuul and a gear in which there is nothing to patch."""
    folder = tmp_path_factory.mktemp("zuul")
    copy = shutil.copytree(CHECKOUT / "puppet/site-modules/zuul/files/zuul-py3", folder / "source")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, copy]
    subprocess.run(build, check=True)
    venv.create(folder / "venv", with_pip=True)
    wheel = next(folder.glob("*.whl"))
    subprocess.run([folder / "venv/bin/pip", "install", "--quiet", "--no-index", wheel], check=True)
    site = next((folder / "venv/lib").glob("python3*/site-packages"))
    for name, version in (("zuul", "2.6.0"), ("gear", "0.16.0")):
        (site / name).mkdir()
        (site / name / "__init__.py").touch()
        (site / f"{name}-{version}.dist-info").mkdir()
        (site / f"{name}-{version}.dist-info/METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
    (site / "zuul/webapp.py").write_text("import types\nwebob = types.ModuleType('webob')\n")
    return folder / "venv"


def _python(environment: Path, program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([environment / "bin/python", "-c", program], capture_output=True, text=True, check=False)


def test_zuul_is_patched_as_soon_as_the_wheel_of_zuul_py3_is_installed_beside_it(zuul_environment: Path) -> None:
    done = _python(zuul_environment, "import zuul.webapp; print(type(zuul.webapp.webob).__name__)")
    assert (done.returncode, done.stdout) == (0, "Facade\n"), done.stderr
    told = subprocess.run([zuul_environment / "bin/zuul-py3"], capture_output=True, text=True, check=False)
    assert told.returncode == 0
    assert "Zuul 2.6.0" in told.stdout


def test_zuul_of_another_version_does_not_start_beside_zuul_py3(zuul_environment: Path) -> None:
    site = next((zuul_environment / "lib").glob("python3*/site-packages"))
    (site / "zuul-2.6.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: zuul\nVersion: 3.0.0\n")
    done = _python(zuul_environment, "import zuul.webapp")
    assert done.returncode == 1
    assert "zuul 3.0.0 is installed" in done.stderr
    assert "Traceback" not in done.stderr
