"""What nobody has reviewed is no part of a release: not by an earlier patch set, and not by a topic.

A stranger's change publishes whatever he likes in check. What a build would install is asked of apt itself, on the
build slave, with the sources and the preferences that the build's chroot would get.
"""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.conftest import Lab
from tests.lab.prepared import Build, call, hand_over
from tests.lab.reviewing import Clone, wait_until

# A package of the distribution that builds need, one that nobody has, and one that is nobody's harm.
GPERF, STRANGE, HARMLESS = "gperf", "lab-unreviewed", "lab-harmless"
PUBLIC = "/srv/publisher/public"

# Run as the agent's account: which version of each package (the second argument) a build would install that is told
# what is in the first one (JSON). The distribution's sources are this host's own; with "alone" they are left out, which
# is quicker.
_ASK = r"""
import json, subprocess, sys, tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, "/usr/local/lib/pkgci")
from pkgci_steps import inputs, review, settings

told, names = json.loads(sys.argv[1]), sys.argv[2].split()
site = settings.read()
asked = inputs.read({**told, "RESULTS": "/tmp"}, [])
found = getattr(review, sys.argv[3])(asked, site)
with tempfile.TemporaryDirectory() as folder:
    own = Path(folder)
    for name in ("parts", "lists/partial", "archives/partial"):
        (own / name).mkdir(parents=True)
    alone = sys.argv[4] == "alone"
    if not alone:
        for path in Path("/etc/apt/sources.list.d").iterdir():
            (own / "parts" / path.name).write_text(path.read_text())
        subprocess.run(f"cp -a /var/lib/apt/lists/*_* {own}/lists 2>/dev/null", shell=True)
    (own / "parts/pkgci.sources").write_text(review.apt_sources(found, site.target(asked.target)))
    (own / "preferences").write_text(review.apt_preferences(found, site.target(asked.target)))
    places = {"Etc::SourceParts": own / "parts", "Etc::Preferences": own / "preferences", "Etc::PreferencesParts": "/x",
              "State::Lists": own / "lists", "Cache": own}
    if alone:
        places["Etc::SourceList"] = "/dev/null"
    words = [f"-oDir::{name}={path}" for name, path in places.items()]
    quick = ["-oAcquire::Languages=none", "-oAPT::Update::Error-Mode=any"]
    subprocess.run(["apt-get", "-qq", *words, *quick, "update"], check=True)
    said = subprocess.run(["apt-cache", *words, "policy", *names], check=True, capture_output=True, text=True).stdout
print(said)
"""


@pytest.fixture(scope="module")
def publisher(bootstrapped: Lab) -> Iterator[Lab]:
    yield bootstrapped
    bootstrapped.exec("pub01", "sh", "-c", f"rm -rf {PUBLIC}/review/9910* {PUBLIC}/review/group-* {PUBLIC}/gate/9910*")


def would_install(lab: Lab, build: Build, *names: str, what: str = "beside", **more: str) -> dict[str, str]:
    """The version that apt would install of each package: for ``build``, or for its tests (``what``: repositories)."""
    told = json.dumps({**build.told(), **more})
    command = ["python3", "-I", "-c", _ASK, told, " ".join(names), what, "beside it" if GPERF in names else "alone"]
    said = lab.exec("build01", "runuser", "-u", "jenkins", "--", "env", "--chdir=/", *command).stdout
    found = dict(re.findall(r"^(\S+):\n.*\n  Candidate: (\S+)$", said, re.MULTILINE))
    return {name: found.get(name, "(none)") for name in names}


def offered(lab: Lab, repository: str) -> list[str]:
    """The packages that readers see in a repository for trixie."""
    read = f"cat {PUBLIC}/{repository}/current/deb/dists/trixie/main/binary-*/Packages"
    said = lab.exec("pub01", "sh", "-c", read).stdout
    return sorted(set(re.findall(r"^Package: (\S+)$", said, re.MULTILINE)))


def test_what_an_earlier_patch_set_built_reaches_no_build_and_no_release(publisher: Lab) -> None:
    """The first patch set builds a package of any name, the second one is harmless, and asks for that package."""
    first = Build("991001", "9.0-1~c991001.1", name=STRANGE)
    second = Build("991001", "1.0-1~c991001.2", patchset="2", name=HARMLESS)
    gated = Build("991001", "1.0-1", patchset="2", pipeline="gate", name=HARMLESS)
    hand_over(publisher, first, second, gated)
    assert call(publisher, first)[0] == 0
    # While the first one's is there still: neither is built with it, whatever the change stands on.
    for build in (second, gated):
        changes = {"CHANGES": "991001,2", "GROUP": ""}
        assert would_install(publisher, build, STRANGE, **changes) == {STRANGE: "(none)"}
    assert call(publisher, gated)[0] == 0
    assert would_install(publisher, gated, STRANGE, what="repositories") == {STRANGE: "(none)"}
    assert call(publisher, second)[0] == 0
    assert offered(publisher, second.repository) == [HARMLESS]
    # And it comes not back.
    status, words = call(publisher, first)
    assert status == 1 and "out of date" in words, words
    assert offered(publisher, second.repository) == [HARMLESS]


def test_a_package_called_like_one_of_the_distribution_is_no_build_dependency_of_what_stands_on_it(
    publisher: Lab,
) -> None:
    evil = Build("991002", "9.0-1~c991002.1", name=GPERF)
    good = Build("991002", "1.0-1~c991002.1", name=STRANGE, run="n")
    behind = Build("991003", "1.0-1~c991003.1")
    hand_over(publisher, evil, good)
    # Whether it is published at all is a matter of names; that nothing is built with it, does not rest on that.
    call(publisher, evil)
    assert call(publisher, good)[0] == 0
    found = would_install(publisher, behind, GPERF, STRANGE, CHANGES="991002,1 991003,1")
    assert found[STRANGE] == good.version
    assert "~c991002" not in found[GPERF] and found[GPERF] != "(none)"
    # Of another patch set than the one that it stands on, nothing.
    assert would_install(publisher, behind, STRANGE, CHANGES="991002,2 991003,1") == {STRANGE: "(none)"}


def test_a_build_of_the_gate_sees_the_runs_ahead_of_it_and_no_other_ones(publisher: Lab) -> None:
    ahead = [Build("991004", f"{n}.0-1", name=STRANGE, pipeline="gate", run=f"r{n}") for n in (1, 2)]
    checked = Build("991005", "9.0-1~c991005.1", name=STRANGE)
    behind = Build("991006", "1.0-1", pipeline="gate")
    hand_over(publisher, *ahead, checked)
    for build in (*ahead, checked):
        assert call(publisher, build)[0] == 0
    told = {"CHANGES": "991004,1 991005,1 991006,1", "AHEAD": f"991004-{ahead[0].build_id}"}
    assert would_install(publisher, behind, STRANGE, **told) == {STRANGE: ahead[0].version}
    # The queue was made up anew: the first run is nobody's any more.
    told["AHEAD"] = f"991004-{ahead[1].build_id}"
    assert would_install(publisher, behind, STRANGE, **told) == {STRANGE: ahead[1].version}
    assert would_install(publisher, behind, STRANGE, CHANGES=told["CHANGES"]) == {STRANGE: "(none)"}


def test_a_topic_that_anybody_gave_his_change_makes_no_group(publisher: Lab) -> None:
    evil = Build("991007", "9.0-1~c991007.1", name=STRANGE, more={"GROUP": "anybody"})
    hand_over(publisher, evil)
    status, words = call(publisher, evil)
    assert status == 1 and "there is no group 'anybody'" in words, words
    assert publisher.exec("pub01", "test", "-e", f"{PUBLIC}/review/group-anybody", check=False).returncode == 1
    # Where one were there: a build of the gate, told the group as its check was, does not look.
    make = f"ln -s {shlex.quote('../review/991002')} {PUBLIC}/review/group-anybody"
    publisher.exec("pub01", "sh", "-c", make)
    behind = Build("991008", "1.0-1", pipeline="gate")
    assert would_install(publisher, behind, STRANGE, GROUP="anybody", CHANGES="991008,1") == {STRANGE: "(none)"}
    publisher.exec("pub01", "rm", f"{PUBLIC}/review/group-anybody")


def test_a_build_host_cannot_pass_what_check_built_for_the_gates(publisher: Lab) -> None:
    """The results of a check lie where the publisher looks for the gate's: it compares what they say of themselves."""
    words = {"pipeline": "gate", "name": HARMLESS}
    claims = [
        Build("991009", "1.0-1", evil="result['pipeline'] = 'check'", **words),
        Build("991009", "1.0-1~c991009.1", run="v", **words),
        Build("991009", "1.0-1", run="b", evil="result['build_id'] = 'Zlabcheck991009.1'", **words),
    ]
    hand_over(publisher, *claims)
    for build, why in zip(claims, ("its pipeline is", "which is no release", "its build_id is"), strict=True):
        status, words = call(publisher, build)
        assert status == 1 and why in words, words
    assert publisher.exec("pub01", "sh", "-c", f"ls -d {PUBLIC}/gate/991009-*", check=False).returncode == 2


def test_the_tests_of_the_gate_find_what_the_gate_published_and_not_what_check_did(publisher: Lab) -> None:
    checked = Build("991010", "2.0-1~c991010.1", name=HARMLESS)
    gated = Build("991010", "2.0-1", pipeline="gate", name=HARMLESS)
    hand_over(publisher, checked, gated)
    assert call(publisher, checked)[0] == call(publisher, gated)[0] == 0
    for build in (checked, gated):
        found = would_install(publisher, build, HARMLESS, what="repositories")
        assert found == {HARMLESS: build.version}


def test_a_topic_that_anybody_gave_his_change_is_answered_in_words_and_without_a_vote(
    deployed: Lab, tmp_path: Path
) -> None:
    clone = Clone(deployed, tmp_path / "hello")
    clone.start()
    clone.commit("Come along", {"along.txt": f"{time.time()}\n"})
    change = clone.push("group/anybody")
    wait_until(lambda: any("which the site does not declare" in text for text in change.messages()), 90, change.so_far)
    assert change.verified() is None
