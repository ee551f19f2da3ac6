"""A whole system boots with a change's package, and says which of the package's own tests fail."""

from __future__ import annotations

import json

from tests.lab.conftest import Lab
from tests.lab.prepared import Build, call, hand_over, having

SERVICE = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"
POSTINST = (
    "#!/bin/sh\nsystemctl enable labd.service\nif [ -d /run/systemd/system ]; then systemctl start labd.service; fi\n"
)
# Each of the first two leaves something that the other must not find, where every test has a fresh system.
TESTS = """Test-Command: systemctl is-active labd && ! getent hosts pub01 && test ! -e /seen && touch /seen
Features: test-name=runs
Restrictions: needs-root, isolation-container, breaks-testbed

Test-Command: test ! -e /seen && touch /seen && ip link add a0 type bridge && ip netns add a && ip netns exec a true
Features: test-name=fresh
Restrictions: needs-root, isolation-container, breaks-testbed

Test-Command: sh -c 'test "$AUTOPKGTEST_REBOOT_MARK" = again || /tmp/autopkgtest-reboot again'
Features: test-name=reboots
Restrictions: needs-root, needs-reboot

Test-Command: true
Features: test-name=virtual
Restrictions: isolation-machine

Test-Command: test "$(id -u)" = 0
Features: test-name=fails
"""
SOURCE = {
    "debian/source/format": "3.0 (native)\n",
    "debian/control": "Source: lab-systest\n\nPackage: lab-systest\nArchitecture: all\n",
    "debian/changelog": "lab-systest (1.0) unstable; urgency=low\n\n  * One.\n\n"
    " -- A <a@pkg.lab.test>  Thu, 01 Jan 2026 00:00:00 +0000\n",
    "debian/tests/control": TESTS,
}
BUILD = Build(
    "996001",
    "1.0~c996001.1",
    name="lab-systest",
    source=SOURCE,
    evil=having(
        {
            "usr/lib/systemd/system/labd.service": SERVICE,
            "DEBIAN/postinst": POSTINST,
        }
    ),
)
RESULTS = "/tmp/lab-systest"


def test_each_test_of_the_package_has_a_fresh_system_and_the_one_that_fails_is_named(deployed: Lab) -> None:
    hand_over(deployed, BUILD)
    status, words = call(deployed, BUILD)
    assert status == 0, words
    deployed.exec("systest01", "install", "-d", "-o", "jenkins", RESULTS)
    given = [f"{name}={word}" for name, word in {**BUILD.told(), "RESULTS": RESULTS}.items()]
    as_agent = ("runuser", "-u", "jenkins", "--", "env", "--chdir=/", *given)
    done = deployed.exec("systest01", *as_agent, "pkgci-systest", check=False)
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr
    result = json.loads(deployed.exec("systest01", "cat", f"{RESULTS}/result.json").stdout)
    assert result["reason"].startswith("test fails: ")
    assert result["boot"] == {"state": "running", "failed_units": []}
    assert result["autopkgtest"]["tests"] == {
        "test virtual": "skipped",
        "test runs": "passed",
        "test fresh": "passed",
        "test reboots": "passed",
        "test fails": "failed",
    }
    report = deployed.exec("systest01", "cat", f"{RESULTS}/junit.xml").stdout
    for name in ("boot", "labd.service: after the boot", "labd.service: after a restart"):
        assert f'name="{name}" time=' in report
    left = deployed.exec("systest01", "find", "/srv/pkgci/work", "-mindepth", "1", "-maxdepth", "1").stdout
    assert left == ""
