"""``pkgci deploy-jobs --plan`` with nothing to do, against ``jenkins-jobs test``, which only renders the same jobs.

Jenkins is a server in this process that gives each job's config.xml as it was sent, over TLS, as Jenkins does.
"""

from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path

import yaml

from pkgci.jobs.render import DEFINITIONS, projects_of, render_jobs
from pkgci.model.load import load_site
from pkgci.model.site import Site
from pkgci.model.steps import all_jobs
from pkgci.secrets.store import SecretStore
from tests.bench.local import PKGCI
from tests.bench.race import Contender, race, run
from tests.bench.report import Outcome, ratio
from tests.bench.sites import CHECKOUT, WORK
from tests.unit.jobs.fake_jenkins import FakeJenkins, serving

# Each project has eleven jobs.
_PROJECTS = 91
_SITE = """\
version: 1
site: jobs
domain: pkg.bench.test
access:
  management: [192.0.2.0/24]
  administrators: {alice: keys/alice.pub}
gerrit: {host: review.pkg.bench.test}
hosts:
  zuul01: {role: zuul, address: 203.0.113.10}
  jenkins01: {role: jenkins_master, address: JENKINS}
  pub01: {roles: [publisher, log_server], address: 203.0.113.12}
  build01: {role: slave_build, address: 203.0.113.21}
  install01: {role: slave_install, address: 203.0.113.22}
  systest01: {role: slave_systest, address: 203.0.113.23}
targets:
  trixie: {deb: trixie}
  bookworm: {deb: bookworm}
projects:
"""
_JJB = str(Path(sys.executable).with_name("jenkins-jobs"))


def plan(turns: int) -> Outcome:
    """The plan for many jobs, of which Jenkins has each as it should be."""
    folder = WORK / "bench-jobs"
    site = load_site(_write_site(folder))
    run(Contender("secrets init", (PKGCI, "secrets", "init"), folder))
    peer = _write_for_jjb(site, folder)
    fake = FakeJenkins()
    fake.jobs = {job.name: job.xml for job in render_jobs(site)}
    address = (site.host("jenkins01").address, 443)
    try:
        with serving(fake, address, _certificate(site, folder)):
            results = race(
                (
                    Contender("jenkins-jobs test", (_JJB, "test", str(peer), "-o", str(folder / "xml")), folder),
                    Contender("deploy-jobs --plan", (PKGCI, "deploy-jobs", "--plan"), folder),
                ),
                turns,
            )
    except OSError as error:
        return Outcome((), {}, (f"deploy-jobs --plan: not measured: port 443: {error.strerror}",))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    name = f"deploy-jobs --plan, {len(fake.jobs)} jobs"
    return Outcome((ratio(name, results["deploy-jobs --plan"], results["jenkins-jobs test"], 0.5),), {"plan": results})


def _write_site(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "keys").mkdir(parents=True)
    shutil.copy(CHECKOUT / "examples/lab/keys/alice.pub", folder / "keys/alice.pub")
    projects = (f"  packaging/package-{i:03}: {{targets: [trixie, bookworm]}}\n" for i in range(_PROJECTS))
    (folder / "site.yaml").write_text(_SITE.replace("JENKINS", _own_address()) + "".join(projects))
    return folder / "site.yaml"


def _own_address() -> str:
    """An address of this machine: no site's host can be at 127.0.0.1. No packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anywhere:
        anywhere.connect(("192.0.2.1", 9))
        return str(anywhere.getsockname()[0])


def _write_for_jjb(site: Site, folder: Path) -> Path:
    """The same jobs as jenkins-job-builder reads them: pkgci's own definitions, and a project for each job."""
    peer = folder / "jjb"
    peer.mkdir()
    shutil.copy(DEFINITIONS, peer)
    projects = [{"project": project} for project in projects_of(site.name, all_jobs(site))]
    (peer / "projects.yaml").write_text(yaml.safe_dump(projects))
    return peer


def _certificate(site: Site, folder: Path) -> Path:
    """The certificate of the site's Jenkins host with its key, for the server to show."""
    store = SecretStore.open(site.directory / "secrets")
    path = folder / "server.pem"
    path.touch(0o600)
    path.write_text(store.secret("tls/jenkins01") + store.public("tls/jenkins01"))
    return path
