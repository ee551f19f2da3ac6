"""A project's own steps: what ci/build of a change finds on a build slave, and what it does not."""

from __future__ import annotations

from tests.lab.conftest import Lab
from tests.lab.test_logs import as_agent

# Runs a program as pkgci-job runs ci/build of a project with own_steps; its outcome is the last line.
RUN = """
import sys, tempfile
sys.path.insert(0, "/usr/local/lib/pkgci")
from pathlib import Path
from pkgci_steps import settings
from pkgci_steps.inputs import Inputs
from pkgci_steps.job.own_steps import run_the_change
from pkgci_steps.job.task import Task
from pkgci_steps.log import Log
from pkgci_steps.programs import Programs, Stop
from pkgci_steps.step import Step

with tempfile.TemporaryDirectory(dir="/srv/jenkins") as name:
    own = Path(name)
    (own / "tree/ci").mkdir(parents=True)
    (own / "tree/ci/build").write_text(Path("/tmp/own-steps").read_text())
    (own / "tree/ci/build").chmod(0o755)
    with (own / "log").open("wb") as file:
        log, stop = Log(file, "attack"), Stop()
        step = Step("build", Inputs(own), settings.read(), log, stop, Programs(log, stop, own), own)
        outcome = run_the_change(step, Task("build", own, {}), own / "tree")
print(outcome.status.word, outcome.reason)
"""
# What none of its business is: a key, others' results, chroots, workspaces, settings, sockets, and processes.
LOOK = """#!/bin/bash
for place in /etc/pkgci /srv/pkgci/builds /srv/pkgci/chroots /srv/jenkins /home /var/lib /run/dbus /run/systemd; do
    test ! -e "$place" || echo "there is $place"
done
cat /etc/pkgci/keys/log_upload && echo "read the key"
ls /srv/pkgci/work | grep -vx "$(basename "${PWD%/room/tree}")" && echo "others' work"
touch /usr/bin/apt-get && echo "wrote to the host"
sudo -n true && echo "became root"
test "$(id -u)" != 0 && id | grep jenkins && echo "is the agent"
test "$(cat /proc/[0-9]*/comm | grep -cE '^(sshd|java|systemd)')" = 0 || echo "sees the host's processes"
echo ready
"""
REACH = """#!/bin/bash
python3 - <<'END'
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
    print("loopback")
END
for place in 127.0.0.1/22 OWN/22 ZUUL/4730 ZUUL/443 PUBLISHER/443 LOGS/22 169.254.169.254/80; do
    timeout 5 bash -c "</dev/tcp/$place" && echo "reached $place"
done
test "$(tail -n +3 /proc/net/dev | grep -vc '^ *lo:')" = 0 || echo "has an interface"
test -z "$(grep @ /proc/net/unix)" || echo "sees a socket of the host"
echo ready
"""


def said(lab: Lab, script: str) -> tuple[list[str], str]:
    """What the script says, and how it ended."""
    lab.put("build01", "/tmp/own-steps", script)
    lab.put("build01", "/tmp/own-steps.py", RUN)
    lines = as_agent(lab, "build01", "python3 /tmp/own-steps.py").splitlines()
    return lines[:-1], lines[-1]


def test_own_steps_read_the_upload_key_and_others_results_stopped_by_a_bare_system(bootstrapped: Lab) -> None:
    lines, outcome = said(bootstrapped, LOOK)
    assert outcome == "passed ci/build ended well", lines
    assert "ready" in lines
    words = ("there is ", "read the key", "others'", "wrote to", "became root", "is the agent", "sees the host's")
    assert [line for line in lines if line.startswith(words)] == []


def test_own_steps_reach_gearman_metadata_and_the_host_stopped_by_a_network_of_their_own(bootstrapped: Lab) -> None:
    names = {"OWN": "build01", "ZUUL": "zuul01", "PUBLISHER": "pub01", "LOGS": "log01"}
    script = REACH
    for word, host in names.items():
        script = script.replace(word, bootstrapped.site.host(host).address)
    lines, outcome = said(bootstrapped, script)
    assert outcome == "passed ci/build ended well", lines
    assert {"loopback", "ready"} <= set(lines)
    assert [line for line in lines if line.startswith(("reached ", "has an ", "sees a "))] == []


def test_own_steps_say_that_the_slave_is_at_fault_and_are_not_believed(bootstrapped: Lab) -> None:
    undo = "rm -rf ../begun ../../begun; : >../../begun; touch --date=@0 ../../begun; mv ../../begun ../../other"
    _, outcome = said(bootstrapped, f"#!/bin/sh\n({undo}) 2>/dev/null\nexit 125\n")
    assert outcome == "failed ci/build ended with exit status 125"
