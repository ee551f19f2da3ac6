"""dist-git repositories over upstreams that PyPI has: packaging alone, in RDO's style and in Fedora's.

RDO's have neither a version nor upstream's files: both come from upstream's own project. Fedora's pin a tarball in the
file `sources`.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from tests.real.archive import UnavailableError
from tests.real.examples import commit

_MADE_BY_SDIST = ("PKG-INFO", "AUTHORS", "ChangeLog")


@dataclass(frozen=True)
class DistGit:
    """One repository: ``upstream`` is what PyPI calls it, at ``version``.

    ``has_project`` tells RDO's style from Fedora's. ``programs`` are the files in /usr/bin; ``environment`` is of the
    build, as in 'NAME=value'.
    """

    upstream: str
    version: str
    requires: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    has_project: bool = True
    environment: str = ""

    @property
    def python_name(self) -> str:
        return self.upstream.replace(".", "-")


# In the order in which they need each other.
PACKAGES = {
    "python-pbr": DistGit("pbr", "7.0.3", programs=("pbr",)),
    "python-wrapt": DistGit("wrapt", "1.17.3", has_project=False, environment="WRAPT_INSTALL_EXTENSIONS=false"),
    "python-stevedore": DistGit("stevedore", "5.4.1", requires=("python3-pbr",)),
    "python-oslo-i18n": DistGit("oslo.i18n", "6.5.1", requires=("python3-pbr",)),
    "python-debtcollector": DistGit("debtcollector", "3.0.0", requires=("python3-wrapt",)),
}


def fetch(name: str, folder: Path) -> Path:
    """Upstream's sdist of the package ``name``, from this machine's Python index. Raises ``UnavailableError``."""
    package = PACKAGES[name]
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(folder)]
    wanted = f"{package.upstream}=={package.version}"
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, wanted], capture_output=True, text=True, check=False
    )
    found = sorted(folder.glob("*.tar.gz"))
    if done.returncode != 0 or not found:
        raise UnavailableError(f"pip download {wanted}: {done.stderr.strip()[-200:]}")
    return found[0]


def write(name: str, sdist: Path, folder: Path) -> None:
    """Writes the packaging to ``folder``/tree, and upstream's project to ``folder``/upstream, or its tarball to
    ``folder``/web."""
    package = PACKAGES[name]
    tree = folder / "tree"
    tree.mkdir(parents=True)
    if package.has_project:
        (tree / f"{name}.spec").write_text(_rdo(name, package))
        _unpack(sdist, folder / "upstream")
        commit(folder / "upstream", f"{package.upstream} {package.version}", package.version)
        return
    (folder / "web").mkdir()
    shutil.copyfile(sdist, folder / "web" / sdist.name)
    (tree / f"{name}.spec").write_text(_fedora(name, package, sdist))
    (tree / "sources").write_text(f"SHA512 ({sdist.name}) = {hashlib.sha512(sdist.read_bytes()).hexdigest()}\n")


def _unpack(sdist: Path, upstream: Path) -> None:
    """What upstream's git has of an sdist: without the files that making it has added."""
    with tarfile.open(sdist) as archive:
        archive.extractall(upstream.parent / "sdist", filter="data")
    next((upstream.parent / "sdist").iterdir()).rename(upstream)
    for file in [*(upstream / name for name in _MADE_BY_SDIST), *upstream.rglob("*.egg-info")]:
        if file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink(missing_ok=True)


_RDO_TOP = """\
%{{!?sources_gpg: %{{!?dlrn:%global sources_gpg 1}} }}
%{{!?upstream_version: %global upstream_version %{{version}}%{{?milestone}}}}
%global pypi_name {upstream}

Name:           {name}
Version:        XXX
Release:        XXX
Summary:        Python library {upstream}
License:        Apache-2.0
URL:            https://example.org/%{{pypi_name}}
Source0:        https://example.org/%{{pypi_name}}/%{{pypi_name}}-%{{upstream_version}}.tar.gz
%if 0%{{?sources_gpg}} == 1
Source101:      https://example.org/%{{pypi_name}}/%{{pypi_name}}-%{{upstream_version}}.tar.gz.asc
Source102:      https://example.org/_static/0x5d2d1e4fb8d38e6af76c50d53d4fec30cf5ce3da.txt
%endif
BuildArch:      noarch
%if 0%{{?sources_gpg}} == 1
BuildRequires:  /usr/bin/gpgv2
%endif
"""
_RDO_PREP = """\
%if 0%{{?sources_gpg}} == 1
%{{gpgverify}} --keyring='%{{SOURCE102}}' --signature='%{{SOURCE101}}' --data='%{{SOURCE0}}'
%endif
%autosetup -n %{{pypi_name}}-%{{upstream_version}} -S git
"""
_FEDORA_TOP = """\
Name:           {name}
Version:        {version}
Release:        1%{{?dist}}
Summary:        Python library {upstream}
License:        BSD-2-Clause
URL:            https://example.org/{upstream}
Source:         https://example.org/{upstream}/{tarball}
BuildArch:      noarch
"""
_FEDORA_PREP = "%autosetup -n {folder} -p1\n"
_REST = """\
BuildRequires:  python3-devel

%description
The library {upstream}.

%package -n python3-{python_name}
Summary:        Python library {upstream}
{requires}
%description -n python3-{python_name}
The library {upstream}.

%prep
{prep}
%generate_buildrequires
%pyproject_buildrequires

%build
{export}%pyproject_wheel

%install
%pyproject_install
%pyproject_save_files -l '*'

%check
%pyproject_check_import

%files -n python3-{python_name} -f %{{pyproject_files}}
%license LICENSE
%doc README.rst
{programs}
%changelog
"""


def _rdo(name: str, package: DistGit) -> str:
    top = _RDO_TOP.format(name=name, upstream=package.upstream)
    return top + _rest(package, _RDO_PREP.format())


def _fedora(name: str, package: DistGit, sdist: Path) -> str:
    words = {"name": name, "version": package.version, "upstream": package.upstream}
    top = _FEDORA_TOP.format(**words, tarball=sdist.name)
    return top + _rest(package, _FEDORA_PREP.format(folder=sdist.name.removesuffix(".tar.gz")))


def _rest(package: DistGit, prep: str) -> str:
    return _REST.format(
        upstream=package.upstream,
        python_name=package.python_name,
        requires="".join(f"Requires:       {word}\n" for word in package.requires),
        prep=prep,
        export=f"export {package.environment}\n" if package.environment else "",
        programs="".join(f"%{{_bindir}}/{program}\n" for program in package.programs),
    )
