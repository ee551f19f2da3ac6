"""What slaves bring along for jobs: the program that a job calls, and the clean-up."""

from tests.lab.conftest import SCRIPTS, Lab
from tests.lab.log_sending import as_agent, token

WORKSPACE = "/srv/jenkins/workspace/by-hand"
LOG_PATH = "1/1/1/check/by-hand/0000001"


def test_a_job_on_the_publisher_does_nothing_of_a_change_and_its_log_is_kept(bootstrapped: Lab) -> None:
    given = f"WORKSPACE={WORKSPACE} ZUUL_PROJECT={SCRIPTS} LOG_PATH={LOG_PATH} NODE_NAME=pub01"
    given += f" PKGCI_LOG_TOKEN={token(bootstrapped, LOG_PATH)}"
    said = as_agent(bootstrapped, "pub01", f"mkdir -p {WORKSPACE}; {given} pkgci-job publish {SCRIPTS} trixie")
    assert "passed: there is nothing to publish: the project has steps of its own" in said
    assert "fetching" not in said
    kept = bootstrapped.exec("log01", "cat", f"/srv/logs/{LOG_PATH}/console.txt").stdout
    assert kept == said


def test_the_clean_up_removes_old_workspaces_and_keeps_the_one_in_use(bootstrapped: Lab) -> None:
    folder = "/srv/jenkins/workspace"
    old = f"mkdir -p {folder}/old {folder}/used; touch -d '30 days ago' {folder}/old {folder}/used"
    as_agent(bootstrapped, "build01", f"{old}; (cd {folder}/used && exec sleep 120 >/dev/null 2>&1) >/dev/null 2>&1 &")
    bootstrapped.exec("build01", "systemctl", "start", "clean-workspaces.service")
    left = as_agent(bootstrapped, "build01", f"ls {folder}").split()
    assert "used" in left and "old" not in left
