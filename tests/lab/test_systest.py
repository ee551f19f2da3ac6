"""A whole system boots with a change's package, and says which of the package's own tests fail."""

from __future__ import annotations

import json

from tests.lab.conftest import Lab
from tests.lab.prepared import Build, call, hand_over, having

SERVICE = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"
BUILD = Build(
    "996001",
    "1.0~c996001.1",
    name="lab-systest",
    evil=having(
        {
            "usr/lib/systemd/system/labd.service": SERVICE,
            "DEBIAN/postinst": "#!/bin/sh\nsystemctl enable labd.service\n",
        }
    ),
)
TESTS = """Test-Command: systemctl is-active labd && ! getent hosts pub01
Features: test-name=runs
Restrictions: needs-root, isolation-container

Test-Command: false
Features: test-name=fails
"""
SOURCE = {
    "control": "Source: lab-systest\n\nPackage: lab-systest\nArchitecture: all\n",
    "changelog": "lab-systest (1.0) unstable; urgency=low\n\n  * One.\n\n"
    " -- A <a@pkg.lab.test>  Thu, 01 Jan 2026 00:00:00 +0000\n",
    "tests/control": TESTS,
}
# Where the source is, and what comes of it.
FOLDER = "/tmp/lab-systest"


def test_a_failing_test_of_the_package_is_named_after_its_service_ran(deployed: Lab) -> None:
    hand_over(deployed, BUILD)
    status, words = call(deployed, BUILD)
    assert status == 0, words
    deployed.exec("systest01", "mkdir", "-p", f"{FOLDER}/source/debian/tests")
    for name, text in SOURCE.items():
        deployed.put("systest01", f"{FOLDER}/source/debian/{name}", text)
    deployed.exec("systest01", "chown", "-R", "jenkins", FOLDER)
    told = {**BUILD.told(), "SOURCE": f"{FOLDER}/source", "RESULTS": f"{FOLDER}/results"}
    given = [f"{name}={word}" for name, word in told.items()]
    as_agent = ("runuser", "-u", "jenkins", "--", "env", "--chdir=/", *given)
    done = deployed.exec("systest01", *as_agent, "pkgci-systest", check=False)
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr
    result = json.loads(deployed.exec("systest01", "cat", f"{FOLDER}/results/result.json").stdout)
    assert result["reason"].startswith("test fails: ")
    assert result["boot"] == {"state": "running", "failed_units": []}
    report = deployed.exec("systest01", "cat", f"{FOLDER}/results/junit.xml").stdout
    for name in ("boot", "labd.service: after the boot", "labd.service: after a restart", "test runs"):
        assert f'name="{name}" time=' in report
    left = deployed.exec("systest01", "find", "/srv/pkgci/work", "-mindepth", "1", "-maxdepth", "1").stdout
    assert left == ""
