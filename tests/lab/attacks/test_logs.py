"""Attacks on the log server: by what a build leaves behind, and by who holds the upload key that all slaves share."""

import json

import pytest

from tests.lab.conftest import Lab
from tests.lab.log_sending import OTHER, SECRET, asked, asked_each, files, opening, page, send, token

MINE, VICTIM = "7/7/1/check/evil-build-trixie/0000001", "8/8/1/check/good-build-trixie/0000001"
PASSED = json.dumps({"status": "passed", "reason": "all is well", "project": "packaging/greet"}).encode()

# Names of files.
STRANGE = (b"<script>x</script>", b"\xff", b"\x1b]0;x\x07", b"\xe2\x80\xaetxt", b"../x", b".htaccess", b"a b", b"-rf")


@pytest.fixture(scope="module")
def attacked(bootstrapped: Lab) -> Lab:
    """The lab, whose build01 somebody has taken over: he has its upload key, and what Zuul gave the build MINE."""
    return bootstrapped


def stored(lab: Lab, path: str) -> list[str]:
    """The files below a path of the store, if there is such a folder."""
    return lab.exec("log01", "sh", "-c", f"find /srv/logs/{path} -type f 2>/dev/null | sort").stdout.split()


def test_a_result_with_a_name_that_is_not_utf8_stops_nobody_elses_upload(attacked: Lab) -> None:
    evil = b'{"status": "failed", "reason": "left behind: /etc/\\udcff \xff \xed\xb3\xbf \\u001b[2J \\u202e"}'
    assert "kept 1" in send(attacked, MINE, files(result__json=evil))
    answers = send(attacked, VICTIM, files(result__json=PASSED))
    assert "kept 1" in answers and "not up to date" not in answers
    for shown in (page(attacked, ""), page(attacked, "8/8/")):
        assert "all is well" in shown and "\x1b" not in shown and "\u202e" not in shown
    assert "left behind: /etc/" in page(attacked, "7/7/")


@pytest.mark.parametrize("word", ["upload", "append"])
def test_a_path_with_a_blank_a_wildcard_or_a_way_up_leads_nowhere(attacked: Lab, word: str) -> None:
    paths = ["outside\\ 03/203/1/check/job/abcdef1", "'03/203/1/check/job/abcdef1'", "03/203/1/check/*/abcdef1"]
    paths += [f"../{MINE}", f"/srv/logs/{MINE}", f"{MINE}/../../x/0000001", f"{MINE} {VICTIM}", f"--mkpath {MINE}"]
    words = opening(attacked, MINE) + files(a=b"x")
    for answer in asked_each(attacked, [(f"{word} {path}", words) for path in paths]):
        assert answer.startswith("refused: not the folder of a build")
    assert "03" not in attacked.exec("log01", "ls", "/srv/logs").stdout.split()


def test_rsync_scp_and_a_shell_are_not_to_be_had_with_the_upload_key(attacked: Lab) -> None:
    rsync = "rsync --server -e.LsfxCIvu --mkpath ."
    commands = [f"{rsync} outside\\ 03/203/1/check/job/abcdef1/", f"{rsync} {MINE}/", f"{rsync} --sender {MINE}/"]
    commands += ["id", "sh -c id", "scp -t .", "internal-sftp", "/usr/lib/openssh/sftp-server"]
    for answer in asked_each(attacked, [(command, b"") for command in commands]):
        assert answer.startswith("refused: this key adds logs")
    assert "outside" not in attacked.exec("log01", "ls", "-a", "/srv/logs").stdout


def test_the_token_of_a_build_opens_no_other_builds_folder(attacked: Lab) -> None:
    victim = VICTIM.replace("0000001", "0000002")
    head = f"{token(attacked, MINE)}\n{SECRET}\n".encode()
    paths = (victim, VICTIM, MINE.replace("evil-build", "evil-publish"), MINE.replace("check", "gate"))
    before = stored(attacked, "")
    attempts = [(f"upload {path}", head + files(result__json=PASSED)) for path in paths]
    attempts += [(f"append {path}", head + b"{}\n1\nxend\n") for path in paths]
    for answer in asked_each(attacked, attempts):
        assert answer.startswith("refused: not the token for this build")
    assert stored(attacked, "") == before


def test_who_learned_the_token_of_a_build_that_began_adds_nothing_to_it_and_changes_nothing(attacked: Lab) -> None:
    running = "8/8/1/check/good-build-trixie/0000003"
    began = asked(attacked, f"append {running}", opening(attacked, running) + b"{}\n5\nbegunend\n")
    assert "0" in began.splitlines()
    stolen = opening(attacked, running, OTHER)
    assert "somebody else's" in asked(attacked, f"upload {running}", stolen + files(result__json=PASSED))
    assert "somebody else's" in asked(attacked, f"append {running}", stolen + b"{}\n4\nmoreend\n")
    assert not [file for file in stored(attacked, running) if file.endswith("result.json")]
    # Nor does its own job change what it has sent.
    send(attacked, running, files(log__txt=b"first"))
    assert "kept" in send(attacked, running, files(log__txt=b"other").replace(b"\nother", b"\n"))
    assert attacked.exec("log01", "cat", f"/srv/logs/{running}/log.txt").stdout == "first"


def test_an_upload_beyond_the_limits_is_refused_before_it_is_taken(attacked: Lab) -> None:
    big = MINE.replace("0000001", "0000004")
    many = b"".join(b"file 0 %d\n" % number for number in range(1100)) + b"end\n"
    for words in (b"file 600000000 huge\n", b"file 5000000 result.json\n", many):
        assert "at most" in send(attacked, big, words)
    assert len(stored(attacked, big)) <= 1000
    free = attacked.exec("log01", "sh", "-c", "du -s /srv/logs/7 | cut -f1").stdout
    assert int(free) < 10_000


def test_a_name_is_no_script_no_escape_and_no_link_and_what_is_sent_is_text(attacked: Lab) -> None:
    strange = MINE.replace("0000001", "0000005")
    lines = [*(b"file 1 " + name for name in STRANGE), b"link a /etc/passwd", b"fifo a", b"file -1 a"]
    head = opening(attacked, strange)
    for answer in asked_each(attacked, [(f"upload {strange}", head + line + b"\nxend\n") for line in lines]):
        assert "refused: not a file that is kept here" in answer
    assert stored(attacked, strange) == []
    script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    send(attacked, strange, files(a__svg=script, b__html=script, c__js=script))
    for name in ("a.svg", "b.html", "c.js"):
        sent = page(attacked, f"{strange}/{name}").lower()
        assert "content-type: text/plain" in sent and "nosniff" in sent and "sandbox" in sent


def test_who_floods_loses_his_own_logs_first(attacked: Lab) -> None:
    """In a store of its own, with the host's own programs and key: a flood of builds beside two old ones."""
    script = """
import subprocess, sys, time
from pathlib import Path
sys.path.insert(0, "/usr/local/lib/pkgci-logs")
from pkgci_logs.claim import token_of
top = Path("/tmp/flood")
for name in ("logs", "state/pages", "state/streams"):
    (top / name).mkdir(parents=True)
key = Path("/etc/pkgci/keys/log_token").read_bytes()
def send(path, size=100000):
    body = f"{token_of(key, path)}\\n{'a' * 32}\\nfile {size} log.txt\\n".encode() + bytes(size)
    body += b"file 2 result.json\\n{}end\\n"
    command = ["/usr/local/lib/pkgci-logs/receive", top / "logs", top / "state", "/etc/pkgci/keys/log_token", "50000"]
    asked = {"SSH_ORIGINAL_COMMAND": f"upload {path}"}
    subprocess.run(command, input=body, env=asked, check=True, stdout=subprocess.DEVNULL)
victims = ["1/1/1/check/good-build/0000001", "2/2/1/gate/evil-build/0000002"]
for path in victims:
    send(path)
time.sleep(0.1)
for number in range(10):
    send(f"{number}/{10 + number}/1/check/evil-build/{number:07x}", 400000)
prune = ["/usr/local/lib/pkgci-logs/prune", top / "logs", top / "state", "--days", "90", "--disk", "1"]
said = subprocess.run(prune, capture_output=True, text=True).stdout
assert said.count("removed") > 6, said
assert all((top / "logs" / path).is_dir() for path in victims), said
"""
    attacked.put("log01", "/tmp/flood.py", script)
    try:
        attacked.exec("log01", "runuser", "-u", "logs", "--", "python3", "/tmp/flood.py")
    finally:
        attacked.exec("log01", "rm", "-rf", "/tmp/flood", "/tmp/flood.py")


def test_no_slave_holds_the_key_that_tokens_are_made_with_nor_the_agent_on_any_host(attacked: Lab) -> None:
    for host in attacked.site.hosts:
        found = attacked.exec(host.name, "ls", "/etc/pkgci/keys/log_token", "/etc/zuul/log_token.key", check=False)
        assert bool(found.stdout) == (host.name in ("zuul01", "log01")), host.name
    for host, file in (("zuul01", "/etc/zuul/log_token.key"), ("log01", "/etc/pkgci/keys/log_token")):
        assert (
            "Permission denied" in attacked.exec(host, "runuser", "-u", "nobody", "--", "cat", file, check=False).stderr
        )
