"""A change whose package takes somebody else's name, or what he has installed, by what it says of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.conftest import Lab
from tests.lab.prepared import NAME, PROJECT, Build, call, hand_over, overriding
from tests.lab.publishing import put

PUBLIC = "/srv/publisher/public"
# What the package says of itself → what the publisher says of that.
DEB = {
    "Provides: sudo (= 99)": "it would meet the dependencies of others in place of that package",
    "Conflicts: sudo": "that package would be removed or kept away",
    "Breaks: sudo (<< 99:99)": "apt would remove that package",
    "Replaces: sudo": "dpkg would write over that package's files",
}
RPM = {
    "Obsoletes: sudo < 99:99": "dnf would put it in the place of that package",
    "Provides: kernel = 99": "kernel belongs to the distribution",
    "Conflicts: glibc": "that package would be removed or kept away",
}
# Run where a build is handed over: builds the RPMs again, with a line more.
_AGAIN = """
plain, SPEC = SPEC, SPEC.replace("BuildArch: noarch", "BuildArch: noarch\\n" + {line!r}, 1)
for path in folder.glob("*.rpm"):
    path.unlink()
make_rpm(folder, build["name"], build["version"], build["text"], build["symbols"])
SPEC = plain
result["files"] = [
    {{"name": path.name, "size": path.stat().st_size, "sha256": sha256(path)}} for path in folder.glob("*.rpm")
]
"""


@pytest.fixture(scope="module")
def publisher(deployed: Lab) -> Iterator[Lab]:
    yield deployed
    deployed.pkgci("publish", "remove", "lab-names", "--yes", check=False)


def refused(lab: Lab, build: Build, *words: str) -> None:
    status, said = call(lab, build)
    assert status == 1, said
    for word in words:
        assert word in said
    assert lab.exec("pub01", "test", "-e", f"{PUBLIC}/review/{build.change}", check=False).returncode == 1


def test_a_deb_that_provides_replaces_breaks_or_conflicts_with_sudo_is_refused_in_check_and_gate(
    publisher: Lab,
) -> None:
    checked = [Build(f"99210{n}", f"1.0-1~c99210{n}.1", control=f"{line}\n") for n, line in enumerate(DEB)]
    gated = Build("992109", "1.0-1", control=f"{next(iter(DEB))}\n", pipeline="gate")
    hand_over(publisher, *checked, gated)
    for build, why in zip([*checked, gated], [*DEB.values(), next(iter(DEB.values()))], strict=True):
        owner = "sudo belongs to the distribution (trixie)"
        refused(publisher, build, owner, why, f"projects: {{{PROJECT}: {{overrides: [sudo]}}}}")


def test_an_rpm_that_obsoletes_provides_or_conflicts_with_the_base_is_refused(publisher: Lab) -> None:
    builds = [
        Build(f"99220{n}", f"1.0-1~c99220{n}.1", "rpm", evil=_AGAIN.format(line=line)) for n, line in enumerate(RPM)
    ]
    hand_over(publisher, *builds)
    for build, why in zip(builds, RPM.values(), strict=True):
        refused(publisher, build, why, "overrides: [")


def test_a_package_called_like_one_of_the_targets_distribution_is_refused_though_the_publisher_has_it_not(
    publisher: Lab,
) -> None:
    """gperf is of trixie, and on no publisher: its own system says nothing of it."""
    assert publisher.exec("pub01", "dpkg-query", "--show", "gperf", check=False).returncode == 1
    build = Build("992300", "9.0-1~c992300.1", name="gperf")
    hand_over(publisher, build)
    refused(publisher, build, "gperf belongs to the distribution (trixie): a project called gperf may build it")


def test_what_another_project_released_is_taken_by_no_relation(publisher: Lab) -> None:
    put(publisher, "lab-names", "2.0")
    newest = Build("992400", "1.0-1~c992400.1", control="Breaks: lab-names (<< 3)\n")
    older = Build("992401", "1.0-1~c992401.1", control="Breaks: lab-names (<< 2.0)\n")
    hand_over(publisher, newest, older)
    refused(publisher, newest, "lab-names belongs to packaging/lab-names, which released it first")
    status, said = call(publisher, older)
    assert status == 0, said


def test_honest_relations_and_those_that_the_site_file_allows_are_published(publisher: Lab) -> None:
    honest = "Provides: mail-transport-agent\nConflicts: mail-transport-agent\nBreaks: sudo (<< 1.8)\n"
    builds = [
        Build("992500", "1.0-1~c992500.1", control=honest),
        Build("992501", "1.0-1~c992501.1", control="Conflicts: sudo\nReplaces: sudo\nProvides: sudo\n"),
    ]
    hand_over(publisher, *builds)
    status, said = call(publisher, builds[0])
    assert status == 0, said
    with overriding(publisher, "sudo"):
        status, said = call(publisher, builds[1])
    assert status == 0 and NAME in said, said
