"""The Jenkins master on a real host: what the world reaches of it, and what applying Puppet again leaves alone."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
from dataclasses import dataclass

import pytest

from pkgci.jobs.server import open_server
from pkgci.model.flows import GEARMAN as GEARMAN_PORT
from pkgci.secrets.store import SecretStore
from tests.lab.conftest import Lab
from tests.lab.reviewing import wait_until

HOST = "jenkins01"
# The configuration that Jenkins reads when it starts.
LIVE = "/var/lib/jenkins-apply/casc.d"
SLOW = "lab-slow"
# Longer than it takes from the beginning of a bootstrap to Jenkins' reload.
XML = """\
<project>
  <assignedNode>slave_build</assignedNode>
  <canRoam>false</canRoam>
  <builders><hudson.tasks.Shell><command>sleep 60</command></hudson.tasks.Shell></builders>
</project>
"""
WORKERS = f"""\
import socket
with socket.create_connection(("127.0.0.1", {GEARMAN_PORT.number}), 5) as link:
    link.sendall(b"workers\\n")
    for line in link.makefile():
        if line.strip() == ".":
            break
        print(line.split()[2])
"""
GEARMAN = "hudson.plugins.gearman.GearmanPluginConfig"
NODES = "/jenkins/computer/api/json?tree=computer[displayName,numExecutors]"


@dataclass(frozen=True)
class Answer:
    """What the web server said."""

    status: int
    headers: http.client.HTTPMessage
    body: str


@dataclass(frozen=True)
class Jenkins:
    """The lab's Jenkins master, as it is reached from outside."""

    lab: Lab
    authority: str
    password: str

    def ask(self, path: str, method: str = "GET", login: str | None = None) -> Answer:
        """Asks for ``path`` exactly as it is written, as nobody or with ``login`` (name:password)."""
        host = self.lab.site.host(HOST)
        trusted = ssl.create_default_context(cadata=self.authority)
        with (
            socket.create_connection((host.address, 443), 30) as plain,
            trusted.wrap_socket(plain, server_hostname=host.fqdn) as stream,
        ):
            head = [f"{method} {path} HTTP/1.1", f"Host: {host.fqdn}", "Connection: close", "Content-Length: 0"]
            if login:
                head.append(f"Authorization: Basic {base64.b64encode(login.encode()).decode()}")
            stream.sendall("\r\n".join([*head, "", ""]).encode())
            response = http.client.HTTPResponse(stream, method=method)
            response.begin()
            return Answer(response.status, response.headers, response.read().decode(errors="replace"))

    @property
    def process(self) -> str:
        return self.lab.exec(HOST, "systemctl", "show", "--property=MainPID", "--value", "jenkins").stdout

    def workers(self, node: str) -> list[str]:
        """The node's workers, as geard shows them."""
        shown = self.lab.exec("zuul01", "python3", "-c", WORKERS).stdout.split()
        return sorted(name for name in shown if name.startswith(f"{node}_exec-"))

    def slow_build(self) -> str:
        """The result of the slow job's build, `running`, or nothing where it has not begun."""
        answer = self.ask(f"/jenkins/job/{SLOW}/1/api/json?tree=result", login=f"admin:{self.password}")
        return json.loads(answer.body)["result"] or "running" if answer.status == 200 else ""

    def executors(self) -> dict[str, int]:
        nodes = json.loads(self.ask(NODES, login=f"admin:{self.password}").body)["computer"]
        return {node["displayName"]: node["numExecutors"] for node in nodes}


@pytest.fixture(scope="module")
def jenkins(bootstrapped: Lab) -> Jenkins:
    authority = bootstrapped.pkgci("secrets", "show", "--public", "tls/ca").stdout
    password = bootstrapped.pkgci("secrets", "show", "jenkins_master/admin_password").stdout.strip()
    return Jenkins(bootstrapped, authority, password)


@pytest.mark.parametrize(
    "path",
    [
        f"/jenkins/descriptorByName/{GEARMAN}/testConnection?host=192.0.2.1&port=22",
        f"/jenkins/descriptor/{GEARMAN}/testConnection",
        f"/jenkins/extensionList/jenkins.model.GlobalConfiguration/{GEARMAN}/testConnection",
        f"/jenkins//./descriptorByName/{GEARMAN}/testConnection",
        f"/jenkins/x/%2e%2e/descriptorByName/{GEARMAN.replace('.', '%2E')}/testConnection",
        f"/jenkins/descriptorByName%2f{GEARMAN}%2FtestConnection",
        f"/jenkins/descriptorByName%252f{GEARMAN}%252ftestConnection",
        f"/jenkins/descriptorByName;a=b/{GEARMAN};c/testConnection;d",
        f"/jenkins/descriptorByName/{GEARMAN.replace('G', '%2547')}/testConnection",
        f"/jenkins/descriptorByName/{GEARMAN.upper()}/TESTCONNECTION",
        "/jenkins/cli",
        "/jenkins/cli?remoting=false",
        "/jenkins/job/../cli/",
        "/jenkins/%2563li;x",
        "/jenkins%2fcli",
        "/jenkins/jnlpJars/agent.jar",
        "/jenkins/%6anlpJars/jenkins-cli.jar",
        "/jenkins/reload-configuration-as-code/?casc-reload-token=x",
    ],
)
def test_what_the_world_must_not_reach_is_denied_however_it_is_written(jenkins: Jenkins, path: str) -> None:
    for method in ("GET", "POST"):
        answer = jenkins.ask(path, method)
        assert answer.status == 403
        assert "X-Jenkins" not in answer.headers, "the web server denies it, before Jenkins sees it"


def test_what_only_looks_like_it_is_left_alone(jenkins: Jenkins) -> None:
    for path in ("/jenkins/", "/jenkins/job/cli/", "/jenkins/job/a%2Fb/", "/jenkins/clients"):
        assert "X-Jenkins" in jenkins.ask(path).headers


def test_crawlers_are_asked_to_stay_away(jenkins: Jenkins) -> None:
    assert "Disallow: /jenkins/" in jenkins.ask("/robots.txt").body


def test_the_administrator_logs_in_and_strangers_only_read(jenkins: Jenkins) -> None:
    assert (
        json.loads(jenkins.ask("/jenkins/whoAmI/api/json", login=f"admin:{jenkins.password}").body)["name"] == "admin"
    )
    assert jenkins.ask("/jenkins/api/json").status == 200
    assert jenkins.ask("/jenkins/createItem?name=x", "POST").status == 403
    assert jenkins.ask("/jenkins/api/json", login="admin:wrong").status == 401


def test_secrets_are_for_jenkins_only(jenkins: Jenkins) -> None:
    folder = "/etc/jenkins/secrets"
    assert jenkins.lab.exec(HOST, "stat", "-c", "%a %U", folder).stdout == "700 jenkins\n"
    seen = jenkins.lab.exec(
        HOST, "sh", "-c", "ps axww -o args; systemctl show jenkins; cat /etc/jenkins/casc.d/*"
    ).stdout
    assert jenkins.password not in seen
    token = jenkins.lab.exec(HOST, "sed", "s/.*=//", "/var/lib/jenkins-apply/environment").stdout.strip()
    assert len(token) == 64 and token not in seen


def test_nodes_and_gearman_are_as_declared_after_a_change_and_a_refused_one_harms_nothing(jenkins: Jenkins) -> None:
    site_file, lab = jenkins.lab.directory / "site.yaml", jenkins.lab
    before, process = site_file.read_text(), jenkins.process
    live = f"cat {LIVE}/*"
    with open_server(lab.site, SecretStore.open(lab.directory / "secrets")) as server:
        server.create(SLOW, XML)
        try:
            # A job runs on the node while the number of its executors changes.
            server._connection.build_job(SLOW)
            wait_until(lambda: jenkins.slow_build() == "running", 30, lambda: f"{SLOW} does not begin")
            site_file.write_text(f"{before}\njenkins: {{executors: {{slave_build: 3}}}}\n")
            lab.pkgci("bootstrap", "--host", HOST)
            assert jenkins.workers("build01") == ["build01_exec-0", "build01_exec-1", "build01_exec-2"]
            assert jenkins.executors()["build01"] == 3
            assert jenkins.slow_build() == "SUCCESS", "its build was waited for"
            # A configuration that Jenkins does not understand fails here and now, in its own words, and harms nothing.
            applied = lab.exec(HOST, "sh", "-c", live).stdout
            wrong = "roles: {jenkins_master: {'profile::jenkins_master::configuration': {own: {jenkins: {nosuch: 1}}}}}"
            site_file.write_text(f"{before}\n{wrong}\n")
            failed = lab.pkgci("bootstrap", "--host", HOST, check=False)
            assert failed.returncode == 1
            assert "Jenkins rejects the configuration, and keeps the one that it had" in failed.stdout
            assert "Invalid configuration elements for type: class jenkins.model.Jenkins : nosuch" in failed.stdout
            assert lab.exec(HOST, "sh", "-c", live).stdout == applied
            assert len(jenkins.workers("build01")) == jenkins.executors()["build01"] == 3
        finally:
            site_file.write_text(before)
            lab.pkgci("bootstrap", "--host", HOST)
            server.delete(SLOW)
    assert jenkins.workers("build01") == ["build01_exec-0", "build01_exec-1"]
    assert jenkins.executors()["build01"] == 2
    assert jenkins.process == process
