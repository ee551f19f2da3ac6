"""What the publisher publishes of builds, and what it does not, with builds that were made for it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

import pytest

from tests.lab.conftest import Lab
from tests.lab.prepared import NAME, PROJECT, Build, call, hand_over, overriding, pass_and_merge, script

TARGETS = ("trixie", "bookworm", "rpm")
PUBLIC = "/srv/publisher/public"
URL = "https://pub01.pkg.lab.test/packages/"


@pytest.fixture(scope="module")
def publisher(deployed: Lab) -> Iterator[Lab]:
    yield deployed
    deployed.pkgci("publish", "remove", NAME, "--yes", check=False)


def reader(lab: Lab, *repositories: str) -> str:
    """Sets a reader up on a slave, which trusts what its keys sign; returns the options that apt needs for it."""
    keys = {path: f"/etc/pkgci/repository/{'review' if path else 'release'}.asc" for path in repositories}
    stanzas = [
        f"Types: deb\nURIs: {URL}{path}deb\nSuites: trixie\nComponents: main\nSigned-By: {key}\n"
        for path, key in keys.items()
    ]
    lab.exec("install01", "mkdir", "-p", "/tmp/reader/lists/partial")
    lab.put("install01", "/tmp/reader/all.sources", "\n".join(stanzas))
    places = {"SourceList": "/tmp/reader/all.sources", "SourceParts": "/dev/null"}
    words = [f"-o Dir::Etc::{name}={value}" for name, value in places.items()]
    return " ".join([*words, "-o Dir::State::Lists=/tmp/reader/lists", "-o APT::Update::Error-Mode=any"])


def offered(lab: Lab, options: str, *names: str) -> list[str]:
    """The versions that apt finds in those repositories, of the packages ``names``: by default of NAME."""
    script = f"apt-get -qq {options} update && apt-cache {options} madison {' '.join(names or [NAME])}"
    return [line.split("|")[1].strip() for line in lab.exec("install01", "sh", "-ec", script).stdout.splitlines()]


def test_a_package_travels_from_its_build_to_the_released_repository(publisher: Lab) -> None:
    checked = Build("990001", "1.0-1~c990001.1")
    gated = [Build("990001", "1.0-1", target, pipeline="gate") for target in TARGETS]
    hand_over(publisher, checked, *gated)
    for build in (checked, *gated):
        assert call(publisher, build)[0] == 0
    options = reader(publisher, f"{checked.repository}/", f"{gated[0].repository}/", "")
    assert offered(publisher, options) == ["1.0-1", "1.0-1~c990001.1"]

    before = _generation(publisher)
    pass_and_merge(publisher, *gated)
    status, words = call(publisher, gated[0], "promote")
    assert (status, _generation(publisher)) == (0, before + 1), words
    assert offered(publisher, options) == ["1.0-1", "1.0-1", "1.0-1~c990001.1"]
    assert "published before" in call(publisher, gated[0], "promote")[1]
    assert _generation(publisher) == before + 1
    for repository, key in ((gated[0].repository, "review"), ("release", "release")):
        rpms = f"{PUBLIC}/{repository}/current/rpm/rpm/packages/{NAME}/*/*.noarch.rpm"
        look = (
            f"folder=$(mktemp -d); rpm --dbpath $folder --import /etc/pkgci/repository/{key}.asc; "
            f"rpmkeys --dbpath $folder --checksig {rpms}; rm -r $folder"
        )
        assert "digests signatures OK" in publisher.exec("pub01", "sh", "-ec", look).stdout

    older = [Build("990002", "0.9-1", target, pipeline="gate") for target in TARGETS]
    other = [Build("990003", "1.0-1", target, pipeline="gate", text="Another content") for target in TARGETS]
    gone = Build("990004", "1.1-1", pipeline="gate")
    hand_over(publisher, *older, *other)
    for build in older:
        assert call(publisher, build)[0] == 0
    for build in other:
        status, words = call(publisher, build)
        assert status == 1 and "other content" in words, words
    pass_and_merge(publisher, older[0], gone)
    for build, status, words in ((older[0], 1, "newer version"), (gone, 3, "zuul enq")):
        found = call(publisher, build, "promote")
        assert found[0] == status and words in found[1]
    assert _generation(publisher) == before + 1


def test_a_version_that_is_taken_is_refused_in_check(publisher: Lab) -> None:
    """By the released package of the test above, and by the distribution, where it has that version since years."""
    cowsay = Build("990006", "3.03+dfsg2-8~c990006.1", name="cowsay")
    said = {
        Build("990005", "1.0-1~c990005.1", text="Another content"): "1.0-1 was released before, with other content",
        cowsay: "cowsay 3.03+dfsg2-8 is in the distribution (trixie) too, with other content",
    }
    hand_over(publisher, *said)
    with overriding(publisher, "cowsay"):
        for build, why in said.items():
            status, words = call(publisher, build)
            assert status == 1 and why in words, words


RELEASED_IN_A_ROW = "lab-in-a-row"


def test_the_second_and_the_third_release_go_as_the_first_one_did(publisher: Lab) -> None:
    """With packages of debugging symbols, which need the very version that they are of."""
    for number in range(1, 4):
        words = {"pipeline": "gate", "name": RELEASED_IN_A_ROW, "symbols": True}
        builds = [Build(f"99040{number}", f"1.0-{number}", target, **words) for target in TARGETS]
        hand_over(publisher, *builds)
        for build in builds:
            assert call(publisher, build)[0] == 0
        if number > 1:
            _judge(publisher, builds[0], builds[-1])
        pass_and_merge(publisher, *builds)
        status, words = call(publisher, builds[0], "promote")
        assert status == 0, words
    publisher.pkgci("publish", "remove", RELEASED_IN_A_ROW, "--yes")


def _judge(lab: Lab, *builds: Build) -> None:
    """The repository tests of the targets, side by side."""
    tests = [
        f"results=$(mktemp -d); {' '.join(f'{name}={value}' for name, value in build.told().items())} RESULTS=$results "
        "pkgci-repotest 2>&1; cat $results/junit.xml"
        for build in builds
    ]
    together = f"cd /srv/jenkins; printf '%s\\0' {' '.join(map(shlex.quote, tests))} | xargs -0 -P 2 -n 1 sh -c"
    said = lab.exec("install01", "runuser", "-u", "jenkins", "--", "sh", "-c", together).stdout
    for symbols in ("-dbgsym", "-debuginfo"):
        assert f"{RELEASED_IN_A_ROW}{symbols}" in said
    assert said.count("the repository closes with 2 packages of this change") == len(builds), said


def _generation(lab: Lab) -> int:
    return int(lab.exec("pub01", "readlink", f"{PUBLIC}/release/current").stdout.rpartition("/")[2])


SHELL = "'$(touch /tmp/forged);`touch /tmp/forged`'"
FORGED = {
    "it names a file": "result['files'][0]['name'] = '../../../../etc/cron.d/forged'",
    "its step is": f"result = dict.fromkeys(result, '../../' + {SHELL!r})",
    "its change is": f"result['change'] = {SHELL!r}",
    "it names a file '-e": "result['files'][0]['name'] = '-e touch${IFS}/tmp/forged'",
    "its checksum is another": "p = files[0]; p.write_bytes(p.read_bytes()[:-1] + b'!')",
    "is no file": "files[0].unlink(); files[0].symlink_to('/etc/shadow')",
    "no file of an allowed size": "result['more'] = 'x' * 2_000_000",
    "more than": "result['files'] *= 1; result['files'][0]['size'] = 10**13",
}
CONTROL = {
    "field filename": "Filename: ../../../x.deb\n",
    "says 'essential: yes' of itself": "Essential: yes\n",
    "not of": "Source: bash\n",
}


def test_what_a_build_slave_forges_is_refused_and_nothing_of_it_is_published(publisher: Lab) -> None:
    words = [*FORGED, *CONTROL, "libc6 belongs to the distribution (trixie)"]
    builds = [Build(f"99010{n:02}", f"1.0-1~c99010{n:02}.1", evil=evil) for n, evil in enumerate(FORGED.values())]
    builds += [Build(f"99011{n:02}", f"1.0-1~c99011{n:02}.1", control=line) for n, line in enumerate(CONTROL.values())]
    builds += [Build("9901200", "9.0-1~c9901200.1", name="libc6")]
    hand_over(publisher, *builds)
    for build, why in zip(builds, words, strict=True):
        status, reason = call(publisher, build)
        assert status == 1 and why in reason, reason
        assert publisher.exec("pub01", "test", "-e", f"{PUBLIC}/review/{build.change}", check=False).returncode == 1
    traces = publisher.exec("pub01", "sh", "-c", "ls /tmp/forged /etc/cron.d/forged", check=False)
    assert traces.returncode == 2


def test_a_reader_never_fails_while_many_publish_and_some_are_killed(publisher: Lab) -> None:
    """Twenty changes at once, five packages of one more, and publishers that are killed in the middle of it."""
    many = [Build(f"99020{n:02}", f"1.1-1~c99020{n:02}.1") for n in range(20)]
    names = [f"{NAME}-{n}" for n in range(1, 10)]
    one = [Build("990300", f"1.{n}-1~c990300.1", name=name, run=f"n{n}") for n, name in enumerate(names)]
    hand_over(publisher, *many, *one)
    assert call(publisher, one[0])[0] == 0
    options = reader(publisher, "review/990300/", "")
    reads = (
        f"while apt-get -qq {options} update; do echo read; done >/tmp/reader/log 2>&1; echo failed >>/tmp/reader/log"
    )
    publisher.exec("install01", "systemd-run", "--unit", "reader", "sh", "-c", reads)
    try:
        together = "".join(
            f"( {script(build)} ) >/dev/null 2>&1 || echo {build.change} &\n" for build in many + one[1:6]
        )
        done = publisher.exec("pub01", "runuser", "-u", "jenkins", "--", "sh", "-c", f"{together}wait")
        assert done.stdout == ""
        for build in one[6:]:
            _kill_in_the_middle(publisher, build)
        assert call(publisher, one[-1])[0] == 0
        said = publisher.exec("install01", "cat", "/tmp/reader/log").stdout
        assert "failed" not in said and said.count("read") > 3, said
    finally:
        publisher.exec("install01", "systemctl", "stop", "reader", check=False)
    found = set(offered(publisher, options, *names))
    assert {build.version for build in one[:6]} <= found and one[-1].version in found
    for build in many:
        record = f"{PUBLIC}/review/{build.change}/current/builds/{build.build_id}/trixie.json"
        assert json.loads(publisher.exec("pub01", "cat", record).stdout)["files"][-1]["package"] == NAME
    left = publisher.exec("pub01", "sh", "-c", f"ls -d {PUBLIC}/review/990300/generations/.new-*", check=False)
    assert left.stdout == ""


def _kill_in_the_middle(lab: Lab, build: Build) -> None:
    """Kills a publisher when it has begun to write a generation."""
    begun = f"{PUBLIC}/review/{build.change}/generations/.new-*"
    kill = (
        f"systemd-run --quiet --unit publish-{build.name} --uid jenkins sh -c {shlex.quote(script(build))}; "
        f"for i in $(seq 2000); do sleep 0.01; ls -d {begun} >/dev/null 2>&1 || continue; "
        f"systemctl kill --signal=KILL publish-{build.name}; exit; done; exit 1"
    )
    lab.exec("pub01", "sh", "-c", kill)


def test_a_job_may_call_what_publishes_and_nothing_else_of_the_publisher(publisher: Lab) -> None:
    for command in ("/bin/sh", "/usr/local/bin/pkgci-repository list", "/usr/local/bin/pkgci-promote --help"):
        done = publisher.exec(
            "pub01", "runuser", "-u", "jenkins", "--", "sudo", "-n", "-u", "publisher", *command.split(), check=False
        )
        assert done.returncode == 1 and "password is required" in done.stderr
    # A variable of the job's environment is none of the program's.
    told = (
        f"cd / && PYTHONPATH=/tmp LD_PRELOAD=/tmp/x PROJECT={PROJECT} sudo -n -u publisher /usr/local/bin/pkgci-promote"
    )
    done = publisher.exec("pub01", "runuser", "-u", "jenkins", "--", "sh", "-c", told, check=False)
    assert done.returncode == 2 and "CHANGE is missing" in done.stderr
