"""What is asked of the units that packages bring."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pkgci_steps.status import Ended, Status
from pkgci_steps.systest import services
from pkgci_steps.systest.machine import Said, System

PATHS = ["/usr/lib/systemd/system/greetd.service", "/usr/bin/greet", "/lib/systemd/system/tidy.timer"]
Answering = Callable[..., System]


def shown(name: str = "greetd.service", **words: str) -> Said:
    known = {
        "Id": name,
        "LoadState": "loaded",
        "UnitFileState": "enabled",
        "ActiveState": "active",
        "Result": "success",
    }
    return Said(0, "\n".join(f"{key}={value}" for key, value in {**known, **words}.items()) + "\n")


def messages(system: System) -> dict[str, str]:
    return {case.name: case.message for case in system.step.cases if case.status is Status.FAILED}


def test_units_are_found_among_files_templates_left_out() -> None:
    more = ["/usr/lib/systemd/system/x@.service", "/etc/init.d/old", "/usr/lib/systemd/system/a.target"]
    assert services.names([*PATHS, *more]) == ["greetd.service", "old.service", "tidy.timer"]


def test_a_service_that_runs_and_runs_again_passes(answering: Answering) -> None:
    system = answering(systemctl_show=shown())
    assert [unit.name for unit in services.check(system, PATHS, "running")] == ["greetd.service"]
    assert messages(system) == {}
    assert "greetd.service: after a restart" in {case.name for case in system.step.cases}


def test_a_service_that_does_not_run_fails_with_its_journal(answering: Answering) -> None:
    broken = shown(ActiveState="failed", Result="exit-code", ExecMainStatus="3")
    system = answering(systemctl_show=broken, journalctl=Said(0, "greetd: no such port"))
    services.check(system, PATHS, "degraded")
    assert messages(system) == {"greetd.service: after the boot": "it is failed (exit-code, exit status 3)"}
    assert "no such port" in system.step.cases[-1].output


def test_a_service_that_systemd_had_to_start_again_fails(answering: Answering) -> None:
    system = answering(systemctl_show=shown(NRestarts="4"))
    services.check(system, PATHS, "running")
    assert messages(system) == {"greetd.service: after the boot": "it ended and was started again 4 times"}


def test_a_service_that_cannot_be_restarted_fails(answering: Answering) -> None:
    system = answering(systemctl_show=shown(), systemctl_restart=Said(1, "Job for greetd.service failed"))
    services.check(system, PATHS, "running")
    assert messages(system) == {"greetd.service: after a restart": "Job for greetd.service failed"}


@pytest.mark.parametrize("words", [{"Type": "oneshot"}, {"ConditionResult": "no"}])
def test_what_has_done_its_work_or_is_not_meant_for_this_system_need_not_run(
    answering: Answering, words: dict[str, str]
) -> None:
    system = answering(systemctl_show=shown(ActiveState="inactive", **words))
    services.check(system, PATHS, "running")
    assert messages(system) == {}


def test_an_enabled_service_that_is_simply_not_there_fails(answering: Answering) -> None:
    system = answering(systemctl_show=shown(ActiveState="inactive", Type="simple", ConditionResult="yes"))
    services.check(system, PATHS, "running")
    assert messages(system) == {"greetd.service: after the boot": "it does not run"}


def test_a_unit_that_the_package_does_not_enable_is_left_alone(answering: Answering) -> None:
    system = answering(systemctl_show=shown(UnitFileState="disabled", ActiveState="inactive"))
    assert services.check(system, PATHS, "running") == []


def test_a_boot_degraded_by_the_packages_own_unit_is_their_fault(answering: Answering) -> None:
    system = answering(
        systemctl_show=Said(0, ""), **{"systemctl_--failed": Said(0, "tidy.timer loaded failed failed\n")}
    )
    services.check(system, PATHS, "degraded")
    assert messages(system) == {"boot": "tidy.timer failed"}


def test_a_boot_degraded_by_another_unit_is_shown_and_nobodys_fault(answering: Answering) -> None:
    system = answering(**{"systemctl_--failed": Said(0, "other.service loaded failed failed\n")})
    services.check(system, PATHS, "degraded")
    assert messages(system) == {}
    assert system.step.details["boot"] == {"state": "degraded", "failed_units": ["other.service"]}


def test_a_boot_that_waits_for_the_packages_unit_is_their_fault(answering: Answering) -> None:
    system = answering(**{"systemctl_--no-pager list-jobs": Said(0, "12 greetd.service start running\n")})
    services.check(system, PATHS, "starting")
    assert messages(system) == {"boot": "the system waits for greetd.service"}


def test_a_boot_that_waits_for_something_else_is_infrastructure(answering: Answering) -> None:
    with pytest.raises(Ended) as ended:
        services.check(answering(), PATHS, "starting")
    assert ended.value.status is Status.INFRASTRUCTURE
