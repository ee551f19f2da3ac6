"""A package to its review repository: pushed, by pkgci's programs, and with the bare tools by hand on those hosts.

All use one chroot tarball on the build host. The push has Zuul and Jenkins on top of that. The bare tools sign with a
key of the bench's own: the publisher's are the signer's alone.
"""

from __future__ import annotations

import io
import subprocess
import tarfile

from pkgci.assets import asset
from pkgci.model.roles import Role
from pkgci.model.site import Host, Site
from tests.bench.pushed import ZUULS_DELAY, Pushes
from tests.bench.race import Contender, Result, race
from tests.bench.report import Figure, Outcome, ratio
from tests.bench.tools import Tools

_WORK, _BUILDS = "/srv/pkgci/work/bench", "/srv/pkgci/builds"
_PUBLISHER, _INCOMING = "pkgci-review", "/srv/publisher/work/bench-review"
# No change of a lab has this number.
_CHANGE = "999999999"
_INPUTS = f"PROJECT=packaging/greet TARGET=trixie CHANGE={_CHANGE} PATCHSET=1 REF=refs/zuul/main/Zbench"

_SOURCE = f"""\
mkdir -p {_WORK}/source
cd {_WORK}/source
tar -x
export GIT_AUTHOR_NAME=bench GIT_AUTHOR_EMAIL=bench@example.org GIT_COMMITTER_NAME=bench
export GIT_COMMITTER_EMAIL=bench@example.org
git init -q
git add .
git commit -q -m bench
cat >../sbuild.conf <<'END'
$chroot_mode = 'unshare';
$unshare_tmpdir_template = '{_WORK}/chroot.XXXXXXXXXX';
$apt_update = 0;
$apt_upgrade = 0;
$apt_distupgrade = 0;
$clean_source = 0;
$run_lintian = 0;
$run_piuparts = 0;
$run_autopkgtest = 0;
$purge_build_deps = 'never';
$bd_uninstallable_explainer = '';
1;
END
"""
_PKGCI_BUILD = f"exec env {_INPUTS} SOURCE={_WORK}/source RESULTS={_WORK}/results pkgci-build"
_PKGCI_PUBLISH = f"exec env {_INPUTS} RESULTS={_INCOMING} pkgci-publish-review"

_BARE_BUILD = f"""\
mkdir -p {_BUILDS}/bench/bare
git clone -q --depth=1 file://{_WORK}/source {_WORK}/tree
cd {_WORK}/tree
version=$(dpkg-parsechangelog -S Version)~c{_CHANGE}.1
printf 'greet (%s) trixie; urgency=medium\\n\\n  * Built.\\n\\n -- bench <bench@example.org>  %s\\n\\n' \\
  "$version" "$(git show -s --format=%cD)" | cat - debian/changelog >changelog.new
mv changelog.new debian/changelog
export SBUILD_CONFIG={_WORK}/sbuild.conf DEB_BUILD_OPTIONS=parallel=$(nproc)
gbp buildpackage --git-ignore-new --git-ignore-branch --git-export=WC --git-export-dir={_WORK}/export \\
  --git-builder='sbuild --chroot=/srv/pkgci/chroots/trixie-build.tar --dist=trixie --arch-all --arch-any --source \\
    --build-dir={_BUILDS}/bench/bare'
cd {_BUILDS}/bench/bare
lintian --no-cfg --fail-on=none *.deb *.dsc
"""
_BARE_PUBLISH = f"""\
export GNUPGHOME={_INCOMING}/gnupg
cd {_INCOMING}
rsync --recursive --times --whole-file --rsh='ssh -F ssh_config' build:bench/bare/ incoming/
aptly -config=aptly.conf repo create -distribution=trixie review
aptly -config=aptly.conf repo add review incoming
aptly -config=aptly.conf snapshot create first from repo review
aptly -config=aptly.conf publish snapshot -batch -acquire-by-hash -gpg-key=$(cat key) first
ls aptly/public/dists/trixie/InRelease
"""
_RECEIVE = f"""\
mkdir -p {_INCOMING}
cd {_INCOMING}
cat >ssh_config <<END
Host build
  HostName %(address)s
  Port %(port)s
  HostKeyAlias %(name)s
  User fetch
  IdentityFile /etc/pkgci/keys/fetch_review
  IdentitiesOnly yes
  UserKnownHostsFile $PWD/known_hosts
  BatchMode yes
END
python3 - <<'END'
import json
host = next(host for host in json.load(open("/etc/pkgci/steps.json"))["build_hosts"] if host["name"] == "%(name)s")
open("known_hosts", "w").writelines(f"%(name)s {{key}}\\n" for key in host["keys"])
END
export GNUPGHOME=$PWD/gnupg
mkdir -m 700 $GNUPGHOME
gpg --batch --quiet --passphrase '' --quick-generate-key bench rsa4096 sign never
gpg --list-keys --with-colons | grep -m 1 ^fpr: | cut -d : -f 10 >key
cat >aptly.conf <<END
{{"rootDir": "$PWD/aptly", "architectures": ["$(dpkg --print-architecture)"], "gpgProvider": "gpg",
 "skipContentsPublishing": true, "skipBz2Publishing": true}}
END
"""
# What a turn has left goes before the next one, so that each begins with nothing.
_FORGET_BUILD = f"""\
rm -rf {_BUILDS}/Zbench {_BUILDS}/bench {_WORK}/results {_WORK}/tree {_WORK}/export {_WORK}/chroot.*
"""
_FORGET_REVIEW = f"""\
rm -rf /srv/publisher/public/review/{_CHANGE} /srv/publisher/locks/review/{_CHANGE}.lock
rm -rf {_INCOMING}/aptly {_INCOMING}/incoming
"""


def build(site: Site, tools: Tools, turns: int) -> Outcome:
    """What a maintainer waits for after a push, and the part of it that is pkgci's programs."""
    hosts = site.with_role(Role.SLAVE_BUILD)[0], site.with_role(Role.PUBLISHER)[0]
    with tools.package(hosts[1].name, "aptly"):
        try:
            _prepare(tools, *hosts)
            pushes = Pushes(site)
            # The first turn, which does not count, makes the chroot that all use.
            contenders = [
                pushes.contender,
                _contender(tools, pushes, "pkgci", hosts, (_PKGCI_BUILD, _PKGCI_PUBLISH)),
                _contender(tools, pushes, "bare tools", hosts, (_BARE_BUILD, _BARE_PUBLISH)),
            ]
            results = race(contenders, turns, warm_up=True)
        finally:
            _forget(tools, hosts)
            tools.do(tools.on(hosts[0].name, f"rm -rf {_WORK}", hosts[0].agent_user))
            tools.do(tools.on(hosts[1].name, f"rm -rf {_INCOMING}", _PUBLISHER))
    pushed, ours, theirs = results.values()
    figures = (_from_push(pushed, theirs), ratio("from a tree to a review repository", ours, theirs, 1.15))
    return Outcome(figures, {"build": results})


def _from_push(pushed: Result, theirs: Result) -> Figure:
    detail = f"{pushed.seconds:.2f} s, of which {ZUULS_DELAY:g} s Zuul's delay; {theirs.name}: {theirs.seconds:.2f} s"
    rest = (pushed.seconds - ZUULS_DELAY) / theirs.seconds
    return Figure("from a push to a review repository", rest, "×", 1.15, detail)


def _contender(tools: Tools, pushes: Pushes, name: str, hosts: tuple[Host, Host], parts: tuple[str, str]) -> Contender:
    """Both parts, one after the other, each on its host by the account whose work it is."""
    accounts = (hosts[0].agent_user, _PUBLISHER)
    commands = (tools.on(host.name, part, user) for host, part, user in zip(hosts, parts, accounts, strict=True))

    def prepare() -> None:
        pushes.wait()
        _forget(tools, hosts)

    return Contender(name, tools.in_turn(commands), tools.folder, prepare=prepare)


def _prepare(tools: Tools, builder: Host, publisher: Host) -> None:
    words = {"name": builder.name, "address": builder.address, "port": builder.ssh.port}
    tools.do(tools.on(publisher.name, _RECEIVE % words, _PUBLISHER))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(asset("examples") / "packages/greet", arcname=".")
    command = tools.on(builder.name, _SOURCE, builder.agent_user)
    subprocess.run(command, input=buffer.getvalue(), check=True, capture_output=True)


def _forget(tools: Tools, hosts: tuple[Host, Host]) -> None:
    tools.do(tools.on(hosts[0].name, _FORGET_BUILD, hosts[0].agent_user))
    tools.do(tools.on(hosts[1].name, _FORGET_REVIEW, _PUBLISHER))
