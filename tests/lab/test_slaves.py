"""What slaves bring along for jobs: the program that a job calls, the way to the log server, and the clean-up."""

import json
import shlex
from pathlib import PurePosixPath

import pytest

from tests.lab.conftest import Lab

WORKSPACE = PurePosixPath("/srv/jenkins/workspace/by-hand")
LOG_PATH = "01/1/1/check/by-hand/0000001"
SSH = (
    "ssh -F none -i /etc/pkgci/keys/log_upload -o BatchMode=yes -o HostKeyAlias=log-server"
    " -o UserKnownHostsFile=/etc/pkgci/log_server.known_hosts"
)


def as_agent(lab: Lab, host: str, command: str, check: bool = True) -> str:
    """What a shell command of the agent's account says, on both outputs."""
    done = lab.exec(host, "runuser", "-u", "jenkins", "--", "sh", "-c", f"cd /srv/jenkins; {command}", check=check)
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def kept(bootstrapped: Lab) -> Lab:
    """The lab after a step on the publisher, whose log was uploaded."""
    given = f"WORKSPACE={WORKSPACE} ZUUL_PROJECT=packaging/hello LOG_PATH={LOG_PATH} NODE_NAME=pub01"
    said = as_agent(bootstrapped, "pub01", f"mkdir -p {WORKSPACE}; {given} pkgci-job publish")
    assert "passed: there is nothing to publish yet" in said
    return bootstrapped


def page(lab: Lab, path: str) -> str:
    """A page of the log server with its headers, as another host of the site sees it."""
    url = f"https://{lab.site.host('log01').fqdn}/logs/{path}"
    program = (
        "import sys, urllib.request, urllib.error\n"
        "try: answer = urllib.request.urlopen(sys.argv[1])\n"
        "except urllib.error.HTTPError as error: answer = error\n"
        "print(answer.status); print(answer.headers); print(answer.read().decode())\n"
    )
    return lab.exec("pub01", "python3", "-c", program, url).stdout


def upload(lab: Lab, options: str, source: str, target: str) -> str:
    address = lab.site.host("log01").address
    return as_agent(
        lab, "build01", f"rsync {options} -e {shlex.quote(SSH)} {source} logs@{address}:{target}", check=False
    )


def test_the_log_of_a_step_is_shown_as_text_that_can_do_nothing(kept: Lab) -> None:
    listing = page(kept, f"{LOG_PATH}/")
    assert "console.txt" in listing and "result.json" in listing
    log = page(kept, f"{LOG_PATH}/console.txt")
    assert "pkgci-job: passed" in log
    assert "text/plain" in log and "sandbox" in log and "nosniff" in log
    result = json.loads(page(kept, f"{LOG_PATH}/result.json").split("\n\n", 1)[1])
    assert (result["step"], result["status"], result["node"]) == ("publish", "passed", "pub01")


def test_an_uploaded_page_or_link_is_neither(kept: Lab) -> None:
    as_agent(
        kept, "build01", "mkdir -p bad/bad; echo '<b>bold</b>' > bad/bad/HEADER.html; ln -sf /etc/passwd bad/bad/link"
    )
    upload(kept, "-rl", "bad/", "")
    assert "text/plain" in page(kept, "bad/HEADER.html")
    assert "<b>bold</b>" not in page(kept, "bad/")
    assert "root:" not in page(kept, "bad/link")


def test_the_upload_key_adds_and_does_nothing_else(kept: Lab) -> None:
    address = kept.site.host("log01").address
    assert "uid=" not in as_agent(kept, "build01", f"{SSH} logs@{address} id", check=False)
    as_agent(kept, "build01", f"rsync -e {shlex.quote(SSH)} logs@{address}:{LOG_PATH}/console.txt stolen", check=False)
    kept.exec("build01", "test", "!", "-e", "/srv/jenkins/stolen")
    as_agent(kept, "build01", f"mkdir -p other/{LOG_PATH}; echo changed > other/{LOG_PATH}/console.txt")
    upload(kept, "-r", "other/", "")
    upload(kept, "-r --delete", "other/", "")
    assert "changed" not in page(kept, f"{LOG_PATH}/console.txt")
    assert "200" in page(kept, f"{LOG_PATH}/result.json").splitlines()[0]


def test_the_clean_up_removes_old_workspaces_and_keeps_the_one_in_use(bootstrapped: Lab) -> None:
    folder = WORKSPACE.parent
    old = f"mkdir -p {folder}/old {folder}/used; touch -d '30 days ago' {folder}/old {folder}/used"
    as_agent(bootstrapped, "build01", f"{old}; (cd {folder}/used && exec sleep 120 >/dev/null 2>&1) >/dev/null 2>&1 &")
    bootstrapped.exec("build01", "systemctl", "start", "clean-workspaces.service")
    left = as_agent(bootstrapped, "build01", f"ls {folder}").split()
    assert "used" in left and "old" not in left
