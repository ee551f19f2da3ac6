"""What was received and what was missed: each event once, in order, and noted as handled only when it is."""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from zuul_py3.receiving import Receiver, keys_of
from zuul_py3.replaying import missed_events
from zuul_py3.tools import loads_gerrit

RECORDED = Path(__file__).parents[2] / "recordings/gerrit-3.11"


@pytest.fixture
def connection() -> Any:
    scheduler = SimpleNamespace(trigger_event_queue=queue.Queue(), kept_events=[])
    return SimpleNamespace(event_queue=queue.Queue(), sched=scheduler, handling=None)


@pytest.fixture
def receiver(connection: Any) -> Receiver:
    return Receiver(connection)


def pushed(number: int, created: float | None = None) -> dict[str, Any]:
    event = {"type": "patchset-created", "change": {"number": str(number)}, "patchSet": {"number": "1"}}
    return event if created is None else {**event, "eventCreatedOn": created}


def said(words: str, *approvals: dict[str, Any]) -> dict[str, Any]:
    author = {"username": "bob"}
    base = {"type": "comment-added", "change": {"number": "7"}, "patchSet": {"number": "1"}, "author": author}
    return {**base, "comment": words, "approvals": list(approvals)}


def waiting(connection: Any) -> list[str]:
    return [event["change"]["number"] for _, event in connection.event_queue.queue]


def test_what_was_missed_comes_between_what_was_received_before_and_after(connection: Any, receiver: Receiver) -> None:
    connection.event_queue.put((50.0, pushed(1)))
    connection.event_queue.put((200.0, pushed(4)))
    receiver.take([(100, pushed(2)), (150, pushed(3))])
    assert waiting(connection) == ["1", "2", "3", "4"]
    assert connection.event_queue.unfinished_tasks == 4


def test_what_was_received_is_not_replayed(connection: Any, receiver: Receiver) -> None:
    receiver.note(pushed(1, created=100))
    assert receiver.take([(100, pushed(1)), (101, pushed(2))]) == [(101, pushed(2))]


def test_what_was_replayed_is_not_replayed_again(connection: Any, receiver: Receiver) -> None:
    receiver.take([(100, pushed(1))])
    assert receiver.take([(100, pushed(1))]) == []


def test_what_was_replayed_is_no_news_when_the_stream_brings_it(receiver: Receiver) -> None:
    vote = {"type": "Code-Review", "value": "2", "by": {"username": "bob"}, "grantedOn": 100}
    words = "Patch Set 1: Code-Review+2"
    receiver.take([(100, pushed(1)), (100, said("", vote)), (100, said(words))])
    assert not receiver.note(pushed(1, created=101))
    assert not receiver.note({**said(words, {**vote, "oldValue": "0"}), "eventCreatedOn": 100})
    assert receiver.note({**said(words, {**vote, "oldValue": "0"}), "eventCreatedOn": 200})
    assert receiver.note(pushed(2, created=100))


def test_a_second_recheck_that_was_missed_is_replayed_though_the_first_was_received(receiver: Receiver) -> None:
    receiver.note({**said("recheck"), "eventCreatedOn": 100})
    assert receiver.take([(100, said("recheck"))]) == []
    assert receiver.take([(400, said("recheck"))]) != []


def test_a_vote_that_came_with_other_labels_and_words_is_known_when_it_is_read_from_the_change() -> None:
    vote = {"type": "Code-Review", "value": "2", "by": {"username": "bob"}, "grantedOn": 100}
    streamed = said("Patch Set 1: Code-Review+2", {**vote, "oldValue": "0"}, {"type": "Verified", "value": "0"})
    assert set(keys_of(said("", vote))) < set(keys_of(streamed))


def test_nobody_gets_an_event_while_earlier_ones_are_looked_for(connection: Any, receiver: Receiver) -> None:
    assert receiver.want(90)
    assert receiver.next_search() == 90
    connection.event_queue.put((200.0, pushed(2)))
    with ThreadPoolExecutor() as pool:
        first = pool.submit(receiver.get, connection.event_queue.get)
        time.sleep(0.05)
        assert not first.done()
        receiver.take([(100, pushed(1))])
        assert receiver.next_search() is None
        assert first.result(5)[1] == pushed(1)


def test_an_event_that_came_while_the_search_began_waits_for_it(connection: Any, receiver: Receiver) -> None:
    began = threading.Event()

    def get() -> Any:
        event = connection.event_queue.get()
        if not began.is_set():
            receiver.want(90)
            began.set()
        return event

    connection.event_queue.put((200.0, pushed(2)))
    with ThreadPoolExecutor() as pool:
        first = pool.submit(receiver.get, get)
        assert began.wait(5)
        receiver.next_search()
        receiver.take([(100, pushed(1))])
        receiver.next_search()
        assert first.result(5)[1] == pushed(1)
    assert waiting(connection) == ["2"]


def test_a_stream_that_breaks_while_events_are_looked_for_starts_no_second_search(receiver: Receiver) -> None:
    assert receiver.want(90)
    assert receiver.next_search() == 90
    assert not receiver.want(120)
    assert not receiver.want(110)
    assert receiver.next_search() == 110
    assert receiver.next_search() is None
    assert receiver.want(130)


def test_everything_is_handled_up_to_now_where_nothing_waits(receiver: Receiver) -> None:
    assert receiver.handled() == pytest.approx(time.time(), abs=5)


@pytest.mark.parametrize("where", ["queue", "connector", "scheduler", "shelf", "search", "stream"])
def test_an_event_that_waits_anywhere_is_not_handled(connection: Any, receiver: Receiver, where: str) -> None:
    event = SimpleNamespace(received=100.0)
    if where == "queue":
        connection.event_queue.put((100.0, pushed(1)))
    elif where == "connector":
        connection.handling = 100.0
    elif where == "scheduler":
        connection.sched.trigger_event_queue.put(event)
    elif where == "shelf":
        connection.sched.kept_events.append(event)
    elif where == "search":
        receiver.want(100.0)
    else:
        receiver.lost = 100.0
    assert receiver.handled() == 100.0


def test_an_event_that_did_not_come_from_gerrit_holds_nothing_up(connection: Any, receiver: Receiver) -> None:
    connection.sched.trigger_event_queue.put(SimpleNamespace(type="timer"))
    assert receiver.handled() == pytest.approx(time.time(), abs=5)


def test_a_real_gerrits_approval_is_the_same_whether_it_was_sent_or_is_read_from_the_change() -> None:
    sent = {without_number(key) for event in recorded("events.jsonl") for key in keys_of(event)}
    [approved] = [change for change in recorded("query.jsonl") if change.get("number") == "22"]
    read = [event for _, event in missed_events(approved, 0, "zuul") if event["type"] == "comment-added"]
    keys = {without_number(key) for event in read for key in keys_of(event)}
    assert ("vote", "alice", "Workflow", "1") in keys
    assert keys <= sent


def recorded(name: str) -> list[dict[str, Any]]:
    return [loads_gerrit(line) for line in (RECORDED / name).read_text().splitlines() if line.startswith("{")]


def without_number(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return (key[0], *key[2:])
