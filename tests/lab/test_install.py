"""What installation and repository tests say of packages that are broken in the ways that packages are."""

from __future__ import annotations

import json
import shlex

import pytest

from tests.lab.conftest import Lab
from tests.lab.prepared import Build, call, hand_over, having


def build(change: int, name: str, version: str = "1.0", **words: str) -> Build:
    return Build(str(change), f"{version}~c{change}.1", name=name, **words)


LIBRARY = build(995001, "lab-lib", evil=having({"usr/share/lab": "the library\n"}))
USER = build(995002, "lab-user", control="Depends: lab-lib (<< 2~)\n")
NEWER = build(995003, "lab-lib", "2.0", evil=having({"usr/share/lab": "the library, newer\n"}))
CLASH = build(
    995004, "lab-clash", control="Depends: lab-missing (>= 2)\n", evil=having({"usr/share/lab": "not the library\n"})
)
MESSY = build(
    995005,
    "lab-messy",
    evil=having({"DEBIAN/postinst": "#!/bin/sh\nmkdir -p /var/lib/lab-messy\n", "usr/share/messy": "a file\n"}),
)
OVERWRITING = build(995006, "lab-overwriting", evil=having({"usr/bin/env": "#!/bin/sh\n"}))
GREEDY = build(
    995008,
    "lab-greedy",
    evil=having({"DEBIAN/postinst": "#!/bin/sh\ndd if=/dev/zero of=/var/lib/fill bs=1M count=1500 && sleep 300\n"}),
)
# A version that only rpm knows, and that is quoted in addresses.
RPM = Build("995007", "1.0^git1-1~c995007.1", "rpm", name="lab-rpm")
DIVERTING = build(
    995009,
    "lab-diverting",
    evil=having(
        {
            "usr/share/lab": "in place of the library\n",
            "DEBIAN/preinst": "#!/bin/sh\ndpkg-divert --package lab-diverting --rename --add /usr/share/lab\n",
            "DEBIAN/postrm": "#!/bin/sh\ndpkg-divert --package lab-diverting --rename --remove /usr/share/lab\n",
        }
    ),
)
BEFORE = (LIBRARY, USER)
ALL = (*BEFORE, NEWER, CLASH, DIVERTING, MESSY, OVERWRITING, GREEDY, RPM)

# What is run → how it ends, and what its report says.
JUDGED = {
    ("repotest", NEWER): (1, "lab-user 1.0~c995002.1 would break: it needs lab-lib (&lt; 2~), which nothing provides"),
    ("repotest", CLASH): (1, "/usr/share/lab is in lab-lib 1.0~c995001.1, too"),
    ("repotest", DIVERTING): (0, "lab-diverting: files"),
    ("install-test", CLASH): (1, "lab-clash : Depends: lab-missing (&gt;= 2)"),
    ("install-test", OVERWRITING): (1, "trying to overwrite '/usr/bin/env'"),
    ("install-test", MESSY): (1, "/var/lib/lab-messy is left behind"),
    ("install-test", RPM): (0, "lab-rpm: leftovers"),
}


# In place of the site's limits, where a test is to pass one.
SMALL = {"disk_mb": 1200}


@pytest.fixture(scope="module")
def published(deployed: Lab) -> Lab:
    """The lab with all of them published for review, each by its own change."""
    hand_over(deployed, *ALL)
    for one in ALL:
        status, words = call(deployed, one)
        assert status == 0, words
    return deployed


def test_broken_packages_fail_with_what_is_wrong_and_good_ones_pass(published: Lab) -> None:
    runs = [_script(number, step, one) for number, (step, one) in enumerate(JUDGED)]
    together = f"cd /srv/jenkins && printf '%s\\0' {' '.join(map(shlex.quote, runs))} | xargs -0 -P 3 -n 1 sh -c"
    published.exec("install01", "runuser", "-u", "jenkins", "--", "sh", "-c", together)
    for number, ((step, one), (status, words)) in enumerate(JUDGED.items()):
        said = published.exec("install01", "cat", f"/tmp/lab-install-{number}/said").stdout
        report = published.exec("install01", "cat", f"/tmp/lab-install-{number}/junit.xml", check=False).stdout
        assert said.rstrip().endswith(f"exit {status}") and words in report, (
            f"{step} {one.name}: {said[-3000:]}{report}"
        )
        # Roots are layers on a tree, on a host like this one too.
        assert "timing: roots made" in said and "no overlay can be mounted" not in said, said[-3000:]
    assert _left(published) == ""


def test_a_package_that_fills_the_disk_while_it_is_installed_is_ended(published: Lab) -> None:
    settings = json.loads(published.exec("install01", "cat", "/etc/pkgci/steps.json").stdout)
    published.put("install01", "/root/small.json", json.dumps({**settings, "limits": {**settings["limits"], **SMALL}}))
    script = shlex.quote(f"cd /srv/jenkins; {_script(99, 'install-test', GREEDY)}")
    here = f"mount --bind /root/small.json /etc/pkgci/steps.json; runuser -u jenkins -- sh -c {script}"
    published.exec("install01", "unshare", "--mount", "sh", "-c", here)
    said = published.exec("install01", "cat", "/tmp/lab-install-99/said").stdout
    report = published.exec("install01", "cat", "/tmp/lab-install-99/junit.xml").stdout
    assert said.rstrip().endswith("exit 1"), said
    assert "the test took" in report and "MB of disk, more than 1200" in report
    assert _left(published) == ""


def _left(lab: Lab) -> str:
    """What tests have left where they work."""
    return lab.exec("install01", "find", "/srv/pkgci/work", "-mindepth", "1", "-maxdepth", "1").stdout


def _script(number: int, step: str, one: Build) -> str:
    before = "995001,1 995002,1 " if one in (NEWER, CLASH, DIVERTING) else ""
    folder = f"/tmp/lab-install-{number}"
    told = {**one.told(), "CHANGES": f"{before}{one.change},1", "RESULTS": folder}
    words = " ".join(f"{name}={shlex.quote(value)}" for name, value in told.items())
    return f"mkdir {folder}; {words} pkgci-{step} >{folder}/said 2>&1; echo exit $? >>{folder}/said"
