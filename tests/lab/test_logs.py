"""The log server: what its pages show, while a job runs too, and what goes when. What attacks it is in attacks/."""

import json
import time

import pytest

from tests.lab.conftest import Lab
from tests.lab.log_sending import OTHER, SECRET, SSH, as_agent, asked, files, opening, page, send
from tests.lab.reviewing import wait_until

ENDED, GROWING = "2/2/1/check/by-hand/0000001", "2/2/1/check/by-hand/0000002"
RESULT = {"status": "failed", "reason": "<b>no</b>", "project": "packaging/greet", "node": "build01"}


@pytest.fixture(scope="module")
def kept(bootstrapped: Lab) -> Lab:
    """The lab after a build, whose log and results were sent, with a page among them."""
    log = b"It fails: <b>bold</b>\n"
    asked(bootstrapped, f"append {ENDED}", opening(bootstrapped, ENDED) + b"{}\n%d\n%send\n" % (len(log), log))
    send(bootstrapped, ENDED, files(index__html=b"<b>bold</b>", result__json=json.dumps(RESULT).encode()))
    return bootstrapped


def test_a_build_has_a_page_and_what_it_sent_is_text_that_can_do_nothing(kept: Lab) -> None:
    shown = page(kept, f"{ENDED}/")
    assert "build.js" in shown and 'href="console.txt"' in shown and "default-src 'none'; script-src 'self'" in shown
    for name in ("console.txt", "index.html"):
        sent = page(kept, f"{ENDED}/{name}")
        assert "<b>bold</b>" in sent and "text/plain" in sent and "sandbox" in sent and "nosniff" in sent
    listing = page(kept, f"{ENDED}/?files")
    assert "console.txt" in listing and "<b>bold</b>" not in listing


@pytest.mark.parametrize("folder", ["", "2/2/", "2/2/1/", "2/2/1/check/", "2/2/1/check/by-hand/"])
def test_every_page_above_leads_to_the_build_and_says_how_it_ended(kept: Lab, folder: str) -> None:
    shown = page(kept, folder)
    assert "0000001/" in shown and "failed" in shown and "&lt;b&gt;no&lt;/b&gt;" in shown


def test_what_a_page_is_made_of_is_there(kept: Lab) -> None:
    for name in ("build.js", "elements.js", "lines.js", "log.js", "results.js", "pages.css"):
        assert page(kept, f".pages/{name}").startswith("200")


def test_a_log_is_read_while_it_grows_and_outlives_the_host_that_sends_it(kept: Lab) -> None:
    address = kept.site.host("log01").address
    head = opening(kept, GROWING).decode().replace("\n", "\\n")
    words = f'\'{head}{{"node": "build01"}}\\n10\\nlast words\''
    send_slowly = f"(printf {words}; exec sleep 60) | exec {SSH} logs@{address} append {GROWING} >/dev/null 2>&1 &"
    as_agent(kept, "build01", f"({send_slowly}) >/dev/null 2>&1")
    console = f"/srv/logs/{GROWING}/console.txt"
    wait_until(
        lambda: kept.exec("log01", "cat", console, check=False).stdout == "last words", 20, lambda: "nothing came"
    )
    assert "running" in page(kept, "2/2/")
    kept.exec("build01", "pkill", "-KILL", "-u", "jenkins", "-f", f"append {GROWING}")
    time.sleep(1)
    assert page(kept, f"{GROWING}/console.txt").endswith("last words\n")
    # Nobody goes on with it but who began it.
    assert "somebody else's" in asked(kept, f"append {GROWING}", opening(kept, GROWING, OTHER) + b"{}\n")
    ended = asked(kept, f"append {GROWING}", opening(kept, GROWING, SECRET) + b"{}\n6\n againend\n")
    assert ended.splitlines() == ["10", "kept 16"]


def test_old_logs_go_whole_and_their_pages_with_them(kept: Lab) -> None:
    timer = kept.exec("log01", "systemctl", "is-active", "prune-logs.timer").stdout
    unit = kept.exec("log01", "systemctl", "cat", "prune-logs.service").stdout
    logs = kept.site.logs
    assert timer == "active\n" and f"--days {logs.days} --disk {logs.disk}\n" in unit
    prune = ("runuser", "-u", "logs", "--", "/usr/local/lib/pkgci-logs/prune")
    folder = "3/3/1/check/by-hand/0000001"
    send(kept, folder, files(result__json=b'{"status": "passed"}'))
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
