"""What is wrong with a host's /tmp is told as what it is, and nothing is written in its place."""

import subprocess

import pytest

from pkgci.facts.disks import Disks, Temporary, TemporaryFact
from pkgci.facts.fact import Answers, Fact, whole_program
from pkgci.facts.network import Mirrors
from pkgci.facts.services import Question, Services, SourceKeys

# Everything that keeps something in a temporary file, and one fact more.
FACTS: tuple[Fact[object], ...] = (
    TemporaryFact(),
    Mirrors(),
    SourceKeys(),
    Services([Question("none", 1, "/")], []),
    Disks(["/"]),
)


def read(text: str) -> Temporary:
    return TemporaryFact().read(Answers(f"{text}\nend=yes"))


@pytest.mark.parametrize(
    ("refusal", "inodes", "told"),
    [
        ("mktemp: failed to create directory via template ‘/tmp/pkgci.X’: Read-only file system", "9", "read-only"),
        ("head: error writing 'standard output': No space left on device", "9", "full"),
        ("sh: 12: cannot create /tmp/pkgci.X/probe: No space left on device", "0", "no free inodes"),
        ("mktemp: failed to create directory via template ‘/tmp/pkgci.X’: No such file or directory", "9", "no /tmp"),
        ("mktemp: failed to create directory via template ‘/tmp/pkgci.X’: Permission denied", "9", "Permission denied"),
        ("cat: write error: Disk quota exceeded", "", "quota"),
    ],
)
def test_each_lack_has_its_own_words(refusal: str, inodes: str, told: str) -> None:
    found = read(f"temporary_refusal={refusal}\ntemporary_inodes={inodes}")
    assert told in found.problem and "/tmp" in found.problem
    assert found.as_words == found.problem


def test_a_folder_without_programs_is_told_from_one_that_cannot_be_written() -> None:
    found = read("temporary_noexec=yes")
    assert found.problem == "" and "noexec" in found.as_words
    assert read("") == Temporary() and read("").as_words == ""


def on_tmpfs(options: str) -> tuple[Answers, str]:
    """What the facts are where /tmp is mounted with ``options``, and which files of the root folder came or went."""
    setting = f"mount -t tmpfs -o {options} none /tmp || exit 99; ls -A / >&2; sh; ls -A / >&2; ls -A /tmp >&2"
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", setting],
        input=whole_program(FACTS),
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode == 99 or not done.stdout:
        pytest.skip("mounts cannot be made here")
    names = done.stderr.splitlines()
    return Answers(done.stdout), "\n".join(name for name in names if names.count(name) % 2)


@pytest.mark.parametrize(
    ("options", "told"),
    [("ro", "/tmp is read-only"), ("size=16k", "/tmp is full"), ("nr_inodes=1", "/tmp has no free inodes")],
)
def test_nothing_is_written_elsewhere_where_tmp_cannot_be_written(options: str, told: str) -> None:
    answers, changed = on_tmpfs(options)
    assert TemporaryFact().read(answers).problem == told
    assert Mirrors().read(answers) is None
    assert changed == ""
    assert Disks(["/"]).read(answers)[0].mount == "/"


def test_a_tmp_that_forbids_programs_is_called_so() -> None:
    assert "noexec" in TemporaryFact().read(on_tmpfs("noexec")[0]).as_words
