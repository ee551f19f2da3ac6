"""The log server: what its upload key may do, what its pages show, while a job runs too, and what goes when."""

import json
import shlex
import time

import pytest

from tests.lab.conftest import Lab
from tests.lab.reviewing import wait_until

SSH = (
    "ssh -F none -i /etc/pkgci/keys/log_upload -o BatchMode=yes -o HostKeyAlias=log-server"
    " -o UserKnownHostsFile=/etc/pkgci/log_server.known_hosts"
)
ENDED, GROWING = "2/2/1/check/by-hand/0000001", "2/2/1/check/by-hand/0000002"
RESULT = json.dumps({"status": "failed", "reason": "<b>no</b>", "project": "packaging/greet", "node": "build01"})


def as_agent(lab: Lab, host: str, command: str, check: bool = True) -> str:
    """What a shell command of the agent's account says, on both outputs."""
    done = lab.exec(host, "runuser", "-u", "jenkins", "--", "sh", "-c", f"cd /srv/jenkins; {command}", check=check)
    return done.stdout + done.stderr


def page(lab: Lab, path: str) -> str:
    """A page of the log server with its headers, as another host of the site sees it."""
    url = f"https://{lab.site.host('log01').fqdn}/logs/{path}"
    program = (
        "import sys, urllib.request, urllib.error\n"
        "try: answer = urllib.request.urlopen(sys.argv[1])\n"
        "except urllib.error.HTTPError as error: answer = error\n"
        "print(answer.status); print(answer.headers); print(answer.read().decode())\n"
    )
    return lab.exec("pub01", "python3", "-c", program, url).stdout


def upload(lab: Lab, options: str, source: str, target: str) -> str:
    address = lab.site.host("log01").address
    return as_agent(
        lab, "build01", f"rsync {options} -e {shlex.quote(SSH)} {source} logs@{address}:{target}", check=False
    )


def asked(lab: Lab, command: str, said: str = "true") -> str:
    """What the log server answers to the holder of the upload key, whose standard input is what ``said`` prints."""
    address = lab.site.host("log01").address
    return as_agent(lab, "build01", f"{said} | {SSH} logs@{address} {shlex.quote(command)}", check=False)


@pytest.fixture(scope="module")
def kept(bootstrapped: Lab) -> Lab:
    """The lab after a build, whose log and results were sent, with a page and a link among them."""
    files = {"console.txt": "It fails: <b>bold</b>", "result.json": RESULT, "index.html": "<b>bold</b>"}
    written = "; ".join(f"echo {shlex.quote(text)} > kept/{name}" for name, text in files.items())
    as_agent(bootstrapped, "build01", f"mkdir -p kept; {written}; ln -sf /etc/passwd kept/link")
    upload(bootstrapped, "-rl", "kept/", f"{ENDED}/")
    return bootstrapped


def test_a_build_has_a_page_and_what_it_sent_is_text_that_can_do_nothing(kept: Lab) -> None:
    shown = page(kept, f"{ENDED}/")
    assert "build.js" in shown and 'href="console.txt"' in shown and "default-src 'none'; script-src 'self'" in shown
    for name in ("console.txt", "index.html"):
        sent = page(kept, f"{ENDED}/{name}")
        assert "<b>bold</b>" in sent and "text/plain" in sent and "sandbox" in sent and "nosniff" in sent
    listing = page(kept, f"{ENDED}/?files")
    assert "console.txt" in listing and "<b>bold</b>" not in listing
    assert "root:" not in page(kept, f"{ENDED}/link")


@pytest.mark.parametrize("folder", ["", "2/2/", "2/2/1/", "2/2/1/check/", "2/2/1/check/by-hand/"])
def test_every_page_above_leads_to_the_build_and_says_how_it_ended(kept: Lab, folder: str) -> None:
    shown = page(kept, folder)
    assert "0000001/" in shown and "failed" in shown and "&lt;b&gt;no&lt;/b&gt;" in shown


def test_what_a_page_is_made_of_is_there(kept: Lab) -> None:
    for name in ("build.js", "elements.js", "lines.js", "log.js", "results.js", "pages.css"):
        assert page(kept, f".pages/{name}").startswith("200")


def test_the_upload_key_adds_and_does_nothing_else(kept: Lab) -> None:
    assert "refused" in asked(kept, "id") and "refused" in asked(kept, "append ../../etc/x")
    address = kept.site.host("log01").address
    as_agent(kept, "build01", f"rsync -e {shlex.quote(SSH)} logs@{address}:{ENDED}/console.txt stolen", check=False)
    kept.exec("build01", "test", "!", "-e", "/srv/jenkins/stolen")
    as_agent(kept, "build01", "mkdir -p other; echo changed > other/console.txt")
    upload(kept, "-r", "other/", f"{ENDED}/")
    upload(kept, "-r --delete", "other/", f"{ENDED}/")
    asked(kept, f"append {ENDED}", f"printf '{'a' * 32}\\n{{}}\\n8\\nchanged\\nend\\n'")
    assert "refused" in upload(kept, "-r", "other/", "")
    assert "It fails" in page(kept, f"{ENDED}/console.txt") and "changed" not in page(kept, f"{ENDED}/console.txt")
    assert page(kept, f"{ENDED}/result.json").startswith("200")


def test_a_log_is_read_while_it_grows_and_outlives_the_host_that_sends_it(kept: Lab) -> None:
    address = kept.site.host("log01").address
    words = f'\'{"b" * 32}\\n{{"node": "build01"}}\\n10\\nlast words\''
    send = f"(printf {words}; exec sleep 60) | exec {SSH} logs@{address} append {GROWING} >/dev/null 2>&1 &"
    as_agent(kept, "build01", f"({send}) >/dev/null 2>&1")
    console = f"/srv/logs/{GROWING}/console.txt"
    wait_until(
        lambda: kept.exec("log01", "cat", console, check=False).stdout == "last words", 20, lambda: "nothing came"
    )
    assert "running" in page(kept, "2/2/")
    kept.exec("build01", "pkill", "-KILL", "-u", "jenkins", "-f", f"append {GROWING}")
    time.sleep(1)
    assert page(kept, f"{GROWING}/console.txt").endswith("last words\n")
    # Nobody goes on with it but who began it.
    assert "somebody else's" in asked(kept, f"append {GROWING}", f"printf '{'c' * 32}\\n{{}}\\n'")
    ended = asked(kept, f"append {GROWING}", f"printf '{'b' * 32}\\n{{}}\\n6\\n againend\\n'")
    assert ended.splitlines() == ["10", "kept 16"]


def test_old_logs_go_whole_and_their_pages_with_them(kept: Lab) -> None:
    timer = kept.exec("log01", "systemctl", "is-active", "prune-logs.timer").stdout
    unit = kept.exec("log01", "systemctl", "cat", "prune-logs.service").stdout
    logs = kept.site.logs
    assert timer == "active\n" and f"--days {logs.days} --disk {logs.disk}\n" in unit
    prune = ("runuser", "-u", "logs", "--", "/usr/local/lib/pkgci-logs/prune")
    folder = "3/3/1/check/by-hand/0000001"
    upload(kept, "-r", "kept/result.json", f"{folder}/")
    assert "0000001" in page(kept, "3/3/")
    # In a store of its own: what the lab has must stay for other tests.
    apart = (
        "d=/tmp/apart; mkdir -p $d/logs $d/state/pages $d/state/streams; cp -r /srv/logs/3 $d/logs; chown -R logs $d"
    )
    kept.exec("log01", "sh", "-c", apart)
    said = kept.exec("log01", *prune, "/tmp/apart/logs", "/tmp/apart/state", "--days", "90", "--disk", "0").stdout
    assert f"removed {folder}" in said
    kept.exec("log01", "sh", "-c", 'test -z "$(ls -A /tmp/apart/logs)" && rm -r /tmp/apart')
    kept.exec("log01", "systemctl", "start", "prune-logs.service")
    assert "0000001" in page(kept, "3/3/")
