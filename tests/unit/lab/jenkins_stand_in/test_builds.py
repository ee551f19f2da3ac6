"""Builds, run for real: on nodes that are this machine."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from pkgci.lab.stand_ins.jenkins.program.controller import Controller
from pkgci.lab.stand_ins.jenkins.program.jobs.record import Build, Result

from .conftest import Machine, job_xml, left_by, until

Start = Callable[[], Controller]


def _run(controller: Controller, name: str, config: bytes, **parameters: str) -> Build:
    if name not in [job.name for job in controller.store.jobs()]:
        controller.store.create(name, config)
    item = controller.scheduler.submit(name, parameters, "Started by a test")
    until(lambda: item.build is not None and controller.store.build(name, item.build.number).result is not None)
    assert item.build is not None
    return controller.store.build(name, item.build.number)


def _console(controller: Controller, build: Build) -> str:
    return (controller.store.folder_of(build) / "log").read_text()


def _processes(words: str) -> str:
    return subprocess.run(["pgrep", "-f", words], capture_output=True, text=True, check=False).stdout


def test_steps_run_in_order_with_jenkins_environment(start: Start, tmp_path: Path) -> None:
    controller = start()
    config = job_xml(
        '#!/bin/sh\necho "$JOB_NAME $BUILD_NUMBER $NODE_NAME [$NODE_LABELS] $BUILD_URL"; echo two >&2; pwd > here',
        'echo "$(cat here) $GREETING ${DROPPED-dropped}"',
        parameters={"GREETING": "hello"},
    )
    build = _run(controller, "hello", config, GREETING='it\'s "x" $HOME\n`y`', DROPPED="no")
    assert build.result is Result.SUCCESS
    console = _console(controller, build)
    assert "hello 1 build01 [build01 slave_build] https://jenkins01.test/jenkins/job/hello/1/\ntwo\n" in console
    assert f'{tmp_path}/build01/workspace/hello it\'s "x" $HOME\n`y` dropped\n' in console
    assert "pkgci's stand-in for Jenkins, not Jenkins" in console
    assert console.endswith("Finished: SUCCESS\n")


def test_the_first_step_that_fails_is_the_last(start: Start) -> None:
    controller = start()
    build = _run(controller, "hello", job_xml("echo one; false; echo never", "echo neither"))
    assert build.result is Result.FAILURE
    assert "never\n" not in _console(controller, build).replace("echo never", "")
    assert "marked build as failure" in _console(controller, build)


def test_no_parameter_is_on_a_command_line(start: Start) -> None:
    controller = start()
    config = job_xml("ps -eo args > all; grep -c '[S]ENTINEL-VALUE' all || true", parameters={"SECRET": ""})
    build = _run(controller, "hello", config, SECRET="SENTINEL-VALUE")
    assert "\n0\n" in _console(controller, build)


def test_artifacts_are_patterns_of_ant() -> None:
    from pkgci.lab.stand_ins.jenkins.program.nodes.artifacts import patterns

    def matching(text: str, *paths: str) -> list[str]:
        return [path for path in paths if any(pattern.match(path) for pattern in patterns(text))]

    paths = ("a.deb", "out/a.deb", "out/b/a.deb", "out/b/a.txt")
    assert matching("*.deb", *paths) == ["a.deb"]
    assert matching("**/*.deb", *paths) == ["a.deb", "out/a.deb", "out/b/a.deb"]
    assert matching("out/**", *paths) == ["out/a.deb", "out/b/a.deb", "out/b/a.txt"]
    assert matching("out/*.deb, out/b/?.txt", *paths) == ["out/a.deb", "out/b/a.txt"]


def test_a_build_that_is_ended_leaves_no_process(start: Start) -> None:
    controller = start()
    controller.store.create("slow", job_xml("setsid sleep 98765 & echo begun; sleep 98765"))
    item = controller.scheduler.submit("slow", {}, "Started by a test")
    until(lambda: item.build is not None and "begun\n" in _console(controller, item.build).replace("echo begun", ""))
    assert controller.scheduler.abort("slow", 1, "Aborted by a test")
    assert not controller.scheduler.abort("slow", 1, "again")
    until(lambda: controller.store.build("slow", 1).result is Result.ABORTED)
    until(lambda: not _processes("sleep 98765"))
    assert item.build is not None
    assert _console(controller, item.build).endswith("Aborted by a test\nFinished: ABORTED\n")


def test_a_build_that_says_nothing_for_too_long_times_out(start: Start) -> None:
    strategy = "hudson.plugins.build_timeout.impl.NoActivityTimeOutStrategy"
    wrapper = (
        f"<hudson.plugins.build__timeout.BuildTimeoutWrapper><strategy class='{strategy}'>"
        "<timeoutSecondsString>1</timeoutSecondsString></strategy>"
        "</hudson.plugins.build__timeout.BuildTimeoutWrapper>"
    )
    controller = start()
    build = _run(controller, "slow", job_xml("sleep 98764", wrappers=wrapper))
    assert build.result is Result.ABORTED
    assert "Build timed out" in _console(controller, build)
    until(lambda: not _processes("sleep 98764"))


def test_a_node_that_vanishes_fails_its_build_and_comes_back(start: Start, machine: Machine) -> None:
    controller = start()
    controller.store.create("slow", job_xml("echo begun; sleep 5"))
    item = controller.scheduler.submit("slow", {}, "Started by a test")
    until(lambda: item.build is not None and "begun" in _console(controller, item.build))
    machine.vanish()
    until(lambda: controller.store.build("slow", 1).result is Result.FAILURE)
    assert item.build is not None
    assert "build01 is offline" in _console(controller, item.build)
    assert not controller.agents["build01"].online
    machine.up = True
    until(lambda: controller.agents["build01"].online)
    assert _run(controller, "hello", job_xml("true")).result is Result.SUCCESS


def test_two_builds_of_one_job_have_a_workspace_each(start: Start) -> None:
    controller = start()
    config = job_xml("touch begun; while [ ! -e go ] && [ ! -e ../hello/go ]; do sleep 0.05; done; pwd")
    controller.store.create("hello", config)
    items = [controller.scheduler.submit("hello", {}, "Started by a test") for _ in range(2)]
    until(lambda: len(controller.scheduler.running()) == 2)
    workspaces = sorted(running.workspace for running in controller.scheduler.running())
    assert workspaces[1] == f"{workspaces[0]}@2"
    until(lambda: (Path(workspaces[0]) / "begun").exists())
    (Path(workspaces[0]) / "go").touch()
    until(lambda: not controller.scheduler.running())
    assert [item.build and controller.store.build("hello", item.build.number).result for item in items] == [
        Result.SUCCESS,
        Result.SUCCESS,
    ]


def test_a_job_that_may_not_run_twice_waits_and_says_why(start: Start) -> None:
    controller = start()
    controller.store.create("one", job_xml("sleep 0.5", concurrent=False))
    for _ in range(2):
        controller.scheduler.submit("one", {}, "Started by a test")
    until(lambda: controller.scheduler.running())
    (waiting,) = controller.scheduler.queue()
    until(lambda: waiting.why == "Build #1 is already in progress")
    until(lambda: waiting.build is not None)
    assert waiting.build is not None
    assert waiting.build.number == 2


def test_a_reload_keeps_what_runs(start: Start, document: dict, tmp_path: Path) -> None:  # type: ignore[type-arg]
    import yaml

    controller = start()
    controller.store.create("slow", job_xml("sleep 0.7"))
    controller.scheduler.submit("slow", {}, "Started by a test")
    until(lambda: controller.scheduler.running())
    del document["jenkins"]["nodes"][1]
    document["jenkins"]["nodes"][0]["permanent"]["numExecutors"] = 3
    (tmp_path / "jenkins.yaml").write_text(yaml.safe_dump(document))
    controller.reload()
    assert list(controller.agents) == ["build01"]
    until(lambda: controller.store.build("slow", 1).result is Result.SUCCESS)


def test_a_label_that_no_node_has_waits_with_a_reason(start: Start) -> None:
    controller = start()
    controller.store.create("nowhere", job_xml("true", label="windows"))
    item = controller.scheduler.submit("nowhere", {}, "Started by a test")
    until(lambda: re.search("no nodes online for ‘windows’", item.why))
    assert controller.scheduler.cancel(item.id)
    until(lambda: not controller.scheduler.queue())


def test_old_java_on_a_node_keeps_it_offline(start: Start, machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "java").write_text("#!/bin/sh\necho 'openjdk version \"17.0.1\"'\n")
    machine.up = False
    controller = start()
    machine.up = True
    until(lambda: "Java 17" in " ".join(controller.agents["build01"].log))
    assert not controller.agents["build01"].online


def test_what_a_build_runs_lives_on_when_jenkins_ends_and_when_it_is_back(start: Start) -> None:
    controller = start()
    controller.store.create("slow", job_xml("echo begun; sleep 98762"))
    item = controller.scheduler.submit("slow", {}, "Started by a test")
    until(lambda: item.build is not None and "\nbegun\n" in _console(controller, item.build))
    before = left_by(controller)
    controller.close()
    again = start()
    assert before and before <= left_by(controller)
    # Jenkins itself knows nothing of it any more, and gives its folder to the next.
    assert not again.scheduler.running()
    assert again.store.build("slow", 1).result is Result.ABORTED
