"""One package published into a repository of thousands: all of pkgci-promote, against the bare tools by hand.

Both are the publisher's account on the publisher; the repositories are in a folder of the bench's own. pkgci's signer
signs with the site's key, and the bare tools with one of the same kind, for they cannot read that.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from functools import partial
from pathlib import Path

from pkgci.model.roles import Role
from pkgci.model.site import Site
from tests.bench.race import BenchError, Contender, Result, race
from tests.bench.report import Outcome, ratio
from tests.bench.tools import Tools

PACKAGES = 10_000
_PROGRAMS = Path(__file__).with_name("on_host")
# On the disk of the repositories, where the account works.
_FOLDER = "/srv/publisher/work/bench"
_ACCOUNT = "publisher"
_SETUP = """\
export GNUPGHOME={folder}/gnupg
if ! [ -e {folder}/key ]; then
  mkdir -m 700 $GNUPGHOME
  gpg --batch --quiet --passphrase '' --quick-generate-key bench rsa4096 sign never
  gpg --list-keys --with-colons | grep -m 1 ^fpr: | cut -d : -f 10 >{folder}/key
fi
key=$(cat {folder}/key)
cd {folder}/{kind}
aptly="aptly -config=aptly.conf"
describe="createrepo_c --quiet --no-database --general-compress-type gz"
"""

# aptly takes thousands of packages of a mirror in seconds, and of a folder in minutes. It writes no more lists than the
# others do.
_MAKE_APTLY = """\
mkdir theirs
cat >aptly.conf <<END
{{"rootDir": "$PWD/theirs", "architectures": ["$(dpkg --print-architecture)"], "gpgProvider": "gpg",
 "skipContentsPublishing": true, "skipBz2Publishing": true}}
END
python3 -u -m http.server --bind 127.0.0.1 --directory ours/public/release/current/deb 8731 >server.log 2>&1 &
server=$!
trap 'kill $server' EXIT
until grep -q Serving server.log || ! kill -0 $server; do sleep 0.1; done
$aptly mirror create -ignore-signatures all http://127.0.0.1:8731/ deb main
$aptly mirror update -ignore-signatures all
$aptly repo create -distribution=deb bench
$aptly repo import all bench Name
$aptly snapshot create first from repo bench
$aptly publish snapshot -batch -acquire-by-hash -gpg-key=$key first
"""
_APTLY = """\
snapshot=$(date +%s%N)
$aptly repo add bench next
$aptly snapshot create $snapshot from repo bench
$aptly publish switch -batch -gpg-key=$key deb $snapshot
"""
_MAKE_CREATEREPO = """\
cp --link --recursive packages theirs
$describe theirs
"""
_CREATEREPO = """\
cp next/*.rpm theirs
rpmsign --define "_gpg_name $key" --define "_gpg_path $GNUPGHOME" --define "__gpg /usr/bin/gpg" \\
  --resign theirs/$(ls next)
$describe --update --skip-stat theirs
gpg --batch --yes --armor --digest-algo SHA512 --local-user $key --detach-sign theirs/repodata/repomd.xml
"""
# Kind → the peer's name, how its repository is made, how it publishes one package more, how many it has.
_PEERS = {
    "deb": ("aptly", _MAKE_APTLY, _APTLY, "grep -c ^Package: theirs/public/dists/deb/main/binary-*/Packages"),
    "rpm": ("createrepo_c", _MAKE_CREATEREPO, _CREATEREPO, "zgrep -c '<package ' theirs/repodata/*primary.xml.gz"),
}


def publish(site: Site, tools: Tools, turns: int, packages: int = PACKAGES) -> Outcome:
    """One package more in a repository of ``packages``: DEB against aptly, RPM against createrepo_c."""
    publisher = site.with_role(Role.PUBLISHER)[0].name
    results = {}
    with tools.package(publisher, "aptly"):
        try:
            _send(tools, publisher)
            for kind in _PEERS:
                results[kind] = _race(tools, publisher, kind, turns, packages)
        finally:
            tools.do(tools.on(publisher, f"rm -rf {_FOLDER}", _ACCOUNT))
    figures = []
    for kind, (peer, *_) in _PEERS.items():
        what = f"one {kind.upper()} package into {packages}, to {peer}"
        figures.append(ratio(what, results[kind]["pkgci"], results[kind][peer], 1.1))
    return Outcome(tuple(figures), {f"publish one {kind} package": result for kind, result in results.items()})


def _race(tools: Tools, host: str, kind: str, turns: int, packages: int) -> dict[str, Result]:
    peer, make, theirs, count = _PEERS[kind]
    setup = _SETUP.format(folder=_FOLDER, kind=kind)
    program = f"env PYTHONPATH=/usr/local/lib/pkgci python3 -B {_FOLDER}/large_repository.py {_FOLDER}/{kind} {kind}"
    tools.do(tools.on(host, f"{program} make {packages}", _ACCOUNT))
    tools.do(tools.on(host, setup + make.format(), _ACCOUNT))
    prepare = partial(tools.do, tools.on(host, f"{program} next", _ACCOUNT))
    commands = {"pkgci": f"{program} publish", peer: setup + theirs}
    contenders = [
        Contender(name, tools.on(host, command, _ACCOUNT), tools.folder, prepare=prepare)
        for name, command in commands.items()
    ]
    results = race(contenders, turns, warm_up=True)
    for name, command in {"pkgci": f"{program} count", peer: setup + count}.items():
        said = subprocess.run(tools.on(host, command, _ACCOUNT), capture_output=True, text=True, check=False).stdout
        if said.strip() != str(packages + turns + 1):
            raise BenchError(f"{name} has published {said.strip()} of {packages + turns + 1} packages")
    return results


def _send(tools: Tools, host: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for program in _PROGRAMS.glob("*.py"):
            archive.add(program, arcname=program.name)
    receive = tools.on(host, f"mkdir {_FOLDER}; tar -x -C {_FOLDER}", _ACCOUNT)
    subprocess.run(receive, input=buffer.getvalue(), check=True)
