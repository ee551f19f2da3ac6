"""Who looks into what strangers built has no key, and nothing signed but its own: the kernel says who asks."""

from __future__ import annotations

import json

import pytest

from tests.lab.conftest import Lab
from tests.lab.prepared import Build, call, hand_over

LOOKING = ("pkgci-review", "pkgci-gate")
HOME = "/var/lib/pkgci-signer"
KEYS = "/etc/pkgci/keys/release_signing.asc /etc/pkgci/keys/review_signing.asc"


def as_(lab: Lab, account: str, script: str) -> str:
    """What a script says that runs as an account of the publisher, whatever its exit status is."""
    done = lab.exec("pub01", "runuser", "-u", account, "--", "sh", "-c", f"cd /; exec 2>&1; {script}", check=False)
    return done.stdout


def test_no_account_that_publishes_and_none_that_runs_jobs_reads_a_private_key(deployed: Lab) -> None:
    read = f"cat {KEYS}; ls {HOME}; cat {HOME}/gnupg/private-keys-v1.d/*; gpg --homedir {HOME}/gnupg -K; true"
    for account in ("publisher", *LOOKING, "jenkins"):
        said = as_(deployed, account, read)
        assert "BEGIN PGP" not in said and "ssb" not in said and said.count("Permission denied") >= 4, said
    owner = deployed.exec("pub01", "stat", "-c", "%U %a", HOME, *KEYS.split()).stdout.split("\n")[:3]
    assert owner == ["pkgci-signer 700", "pkgci-signer 600", "pkgci-signer 600"]


def sign(lab: Lab, account: str, key: str, kind: str, text: str) -> str:
    lab.put("pub01", "/tmp/to-sign", text)
    return as_(lab, account, f"t=$(mktemp -d); pkgci-sign {key} {kind} /tmp/to-sign $t/s && cat $t/s; rm -r $t")


def test_who_looks_has_no_release_file_signed_with_the_release_key(deployed: Lab) -> None:
    site = deployed.site.name
    released = f"Origin: {site}\nLabel: {site}\nSuite: trixie\n"
    for account in LOOKING:
        assert "has nothing signed with the release key" in sign(deployed, account, "release", "clear", released)
        # Nor does the review key sign what passes for the released repository's.
        assert "no clear of" in sign(deployed, account, "review", "clear", released)
        own = f"Origin: {site}\nLabel: {site}-review-5\nSuite: trixie\n"
        assert "BEGIN PGP SIGNATURE" in sign(deployed, account, "review", "clear", own)
    said = deployed.exec("pub01", "journalctl", "-u", "pkgci-signer", "-o", "cat", "-n", "1000").stdout
    assert "refused release clear" in said and "signed review clear" in said and "sha256" in said


@pytest.mark.parametrize("text", ["Origin: Debian\nLabel: Debian\nSuite: trixie\n", "I owe you a million\n"])
def test_nobody_has_any_other_text_signed(deployed: Lab, text: str) -> None:
    for kind in ("clear", "detached", "repomd"):
        assert "what is to be signed is no" in sign(deployed, "publisher", "release", kind, text)


def test_who_runs_jobs_does_not_reach_the_signer(deployed: Lab) -> None:
    assert "Permission denied" in sign(deployed, "jenkins", "review", "clear", "x")


def test_who_looks_at_check_changes_nothing_of_the_gates_and_neither_what_is_released(deployed: Lab) -> None:
    public = "/srv/publisher/public"
    for account, others in (("pkgci-review", ("gate", "release")), ("pkgci-gate", ("review", "release"))):
        for other in others:
            said = as_(deployed, account, f"touch {public}/{other}/evil; mv {public}/{other} {public}/evil")
            assert said.count("Permission denied") == 2, said


# A line of Python, run as what reads a package is: is there a network, how much memory is there, and of a file?
CONFINED = {
    "import socket; socket.create_connection(('127.0.0.1', 443), 5)": "Network is unreachable",
    "bytearray(3_000_000_000)": "MemoryError",
    "open('/tmp/pkgci-large', 'wb').write(b'x' * 5_000_000)": "File too large",
}
_RUN = """
import subprocess, sys
sys.dont_write_bytecode = True
sys.path.insert(0, '/usr/local/lib/pkgci')
from pkgci_steps.repository.limited import limited
for line in sys.argv[1:]:
    done = subprocess.run(limited([sys.executable, '-c', line]), capture_output=True, text=True, cwd='/')
    print(done.stderr.strip().rpartition(chr(10))[2])
"""


def test_what_reads_a_package_has_no_network_and_little_memory_and_writes_little(deployed: Lab) -> None:
    run = ("runuser", "-u", "pkgci-review", "--", "python3", "-I", "-c", _RUN, *CONFINED)
    for said, why in zip(deployed.exec("pub01", *run).stdout.splitlines(), CONFINED.values(), strict=True):
        assert why in said, said


def test_results_behind_a_link_are_not_followed(deployed: Lab) -> None:
    """Neither result.json nor a package that it names."""
    evil = "(folder / 'real').touch(); (folder / 'result.json').symlink_to('real')"
    other = "p = files[0].rename(folder.parent / 'aside'); files[0].symlink_to(p)"
    builds = {
        Build("998001", "1.0-1~c998001.1", evil=evil): "result.json",
        Build("998002", "1.0-1~c998002.1", evil=other): "is no file of that size",
    }
    hand_over(deployed, *builds)
    for build, why in builds.items():
        status, reason = call(deployed, build)
        assert status == 1 and why in reason, reason


def test_a_claimed_size_that_would_fill_the_disk_is_refused_before_anything_is_fetched(deployed: Lab) -> None:
    build = Build("998003", "1.0-1~c998003.1", evil="result['files'][0]['size'] = 10**15")
    hand_over(deployed, build)
    settings = "/etc/pkgci/steps.json"
    before = deployed.exec("pub01", "cat", settings).stdout
    # As where the site lets builds have more than the publisher has.
    wide = json.loads(before)
    wide["limits"]["disk_mb"] = 10**10
    deployed.put("pub01", settings, json.dumps(wide))
    try:
        status, reason = call(deployed, build)
    finally:
        deployed.put("pub01", settings, before)
    assert status == 3 and "MB left" in reason, reason
    assert deployed.exec("pub01", "test", "-e", "/srv/publisher/public/review/998003", check=False).returncode == 1


def test_a_job_has_no_results_written_where_only_the_publisher_may_write(deployed: Lab) -> None:
    """Neither by a link in its folder for results, nor by naming a folder of the publisher's."""
    public = "/srv/publisher/public/release"
    told = "PROJECT=packaging/tidy-logs CHANGE=998004 PATCHSET=1"
    run = "sudo -n -u publisher /usr/local/bin/pkgci-promote 2>&1"
    links = f"for f in log.txt result.json .result.json.new; do ln -s {public}/evil-$f $r/$f; done"
    script = (
        f"cd /; r=$(mktemp -d /srv/pkgci/results/lab-XXXXXX); chmod 777 $r; {links}; "
        f"{told} RESULTS=$r {run}; {told} RESULTS={public} {run}; true"
    )
    said = deployed.exec("pub01", "runuser", "-u", "jenkins", "--", "sh", "-c", script).stdout
    assert "is no folder of the account that calls" in said, said
    found = deployed.exec("pub01", "sh", "-c", f"ls -a {public}").stdout
    assert "evil" not in found and "result.json" not in found, found
