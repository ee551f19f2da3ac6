"""Events whose change cannot be looked up: kept until Gerrit is there, in order; dropped where it says no for good."""

from __future__ import annotations

import logging
import queue
import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from zuul_py3 import asking, events
from zuul_py3.asking import FaultError, RefusedError, UnreachableError


class ChangeNotFound(Exception):  # noqa: N818 - Zuul's name
    change = "7,1"

    def __init__(self, number: str = "7", patch_set: str = "1") -> None:
        super().__init__(f"Change {number},{patch_set} not found")


@pytest.fixture(autouse=True)
def zuul(monkeypatch: pytest.MonkeyPatch) -> None:
    """The little of Zuul that is imported while an event is handled; and nobody waits here."""
    package, exceptions = ModuleType("zuul"), ModuleType("zuul.exceptions")
    exceptions.ChangeNotFound = ChangeNotFound  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "zuul", package)
    monkeypatch.setitem(sys.modules, "zuul.exceptions", exceptions)
    monkeypatch.setattr(events, "LOOK_AGAIN", 0)


class Connection:
    """A connection with events, whose Gerrit answers a look-up with what ``answers`` says, or else shows the change."""

    def __init__(self, answers: dict[str, list[Exception]]) -> None:
        self.answers = answers
        self.queue: queue.Queue[tuple[float, Any]] = queue.Queue()
        self.handled: list[tuple[str, float]] = []
        self.while_handled: list[float | None] = []
        self.handling: float | None = None
        self.sched = SimpleNamespace(addEvent=lambda event: self.handled.append((event.number, event.received)))

    def getEvent(self) -> tuple[float, Any]:  # noqa: N802 - Zuul's name
        return self.queue.get_nowait()

    def addEvent(self, data: Any) -> None:  # noqa: N802 - Zuul's name
        self.queue.put((time.time(), data))


class Connector:
    """GerritEventConnector as Zuul's is, as far as the mending touches it."""

    log = logging.getLogger("test")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._stopped = False

    def stop(self) -> None:
        self._stopped = True
        self.connection.addEvent(None)

    def _handleEvent(self) -> None:  # noqa: N802 - Zuul's name
        _, data = self.connection.getEvent()
        number = data["change"]["number"]
        self.connection.while_handled.append(self.connection.handling)
        answers = self.connection.answers.get(number)
        if answers:
            raise answers.pop(0)
        self.connection.sched.addEvent(SimpleNamespace(number=number))


def connector(**answers: list[Exception]) -> Any:
    cls = type("GerritEventConnector", (Connector,), {})
    events.keep_events_until_they_are_looked_up(SimpleNamespace(GerritEventConnector=cls))
    made = cls(Connection({name.removeprefix("n"): list(given) for name, given in answers.items()}))
    for number in ("1", "2"):
        data = {"type": "patchset-created", "change": {"number": number}, "patchSet": {"number": "1"}}
        made.connection.queue.put((float(number), data))
    return made


def handle(made: Any) -> Any:
    connection = made.connection
    for _ in range(connection.queue.qsize()):
        made._handleEvent()
    assert made.connection is connection and connection.handling is None
    return connection


def test_events_are_kept_in_order_until_gerrit_is_there() -> None:
    connection = handle(connector(n1=[UnreachableError("away")] * 50))
    assert connection.handled == [("1", 1.0), ("2", 2.0)], "each once, with the time at which it was received"
    assert connection.while_handled == [1.0] * 51 + [2.0], "it counts as unhandled for as long as it is looked up"


def test_the_log_says_once_that_an_event_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    handle(connector(n1=[UnreachableError("away")] * 50))
    [line] = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert "Kept patchset-created of change 1,1" in line


def test_a_change_that_zuul_may_not_see_is_dropped_with_a_line_and_stops_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection = handle(connector(n1=[ChangeNotFound("1")] * 2))
    assert connection.handled == [("2", 2.0)]
    [record] = caplog.records
    assert "Dropped patchset-created of change 1,1" in record.getMessage() and record.exc_info is None


def test_what_gerrit_refuses_for_good_is_dropped_and_what_it_refuses_for_a_while_is_not() -> None:
    assert handle(connector(n1=[RefusedError("no")] * events.REFUSALS)).handled == [("2", 2.0)]
    assert handle(connector(n1=[RefusedError("no")] * (events.REFUSALS - 1))).handled == [("1", 1.0), ("2", 2.0)]


def test_a_fault_of_gerrits_own_drops_no_event_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    assert handle(connector(n1=[FaultError("lock failure")] * 50)).handled == [("1", 1.0), ("2", 2.0)]
    monkeypatch.setattr(asking, "LATEST", 0)
    assert handle(connector(n1=[FaultError("lock failure")] * 50)).handled == [("2", 2.0)]


def test_an_event_that_cannot_be_handled_is_logged_by_zuul_as_ever() -> None:
    made = connector(n1=[ValueError("a cycle")])
    with pytest.raises(ValueError, match="a cycle"):
        made._handleEvent()
    assert handle(made).handled == [("2", 2.0)]


def test_zuul_can_be_stopped_while_it_keeps_an_event() -> None:
    made = connector(n1=[UnreachableError("away")] * 1_000_000)
    thread = threading.Thread(target=made._handleEvent)
    thread.start()
    made.stop()
    thread.join(10)
    assert not thread.is_alive()


class Change:
    def __init__(self, project: Any) -> None:
        self.project = project
        self.open = True
        self._data: Any = None


Look = Callable[[Any, Any], None]


class Source:
    """GerritSource as Zuul's is, as far as the mending touches it. ``look`` is what a look-up of a change does."""

    log = logging.getLogger("test")

    def __init__(self, look: Look) -> None:
        self.look = look
        self.cache: dict[str, Any] = {}
        self.connection = SimpleNamespace(
            getCachedChange=self.cache.get,
            updateChangeCache=self.cache.__setitem__,
            deleteCachedChange=lambda key: self.cache.pop(key, None),
        )

    def _getChange(self, number: str, patchset: str, refresh: bool = False, history: Any = None) -> Any:  # noqa: N802
        key = f"{number},{patchset}"
        change = self.cache.get(key)
        if change and not refresh:
            return change
        change = change or Change(None)
        change.number, change.patchset = number, patchset
        self.cache[key] = change
        try:
            self._updateChange(change, history)
        except Exception:
            self.cache.pop(key, None)
            raise
        return change

    def _updateChange(self, change: Any, history: Any = None) -> None:  # noqa: N802 - Zuul's name
        self.look(self, change)


def source(look: Look) -> Any:
    cls = type("GerritSource", (Source,), {})
    module = SimpleNamespace(
        GerritSource=cls,
        Change=Change,
        exceptions=SimpleNamespace(ChangeNotFound=sys.modules["zuul.exceptions"].ChangeNotFound),  # type: ignore[attr-defined]
    )
    events.keep_changes_that_cannot_be_looked_up(module)
    events.ignore_changes_behind_that_are_hidden(module)
    return cls(look)


def failing(trouble: Exception) -> Look:
    def look(source: Any, change: Any) -> None:
        raise trouble

    return look


@pytest.mark.parametrize("trouble", [UnreachableError("away"), RefusedError("no")])
def test_a_change_in_a_queue_stays_known_though_gerrit_could_not_be_asked(trouble: Exception) -> None:
    zuul = source(lambda source, change: None)
    known = zuul._getChange("7", "1")
    zuul.look = failing(trouble)
    with pytest.raises(type(trouble)):
        zuul._getChange("7", "1", refresh=True)
    zuul.look = lambda source, change: None
    assert zuul._getChange("7", "1", refresh=True) is known


def test_a_change_that_was_never_looked_up_is_not_known_before_it_is() -> None:
    zuul = source(failing(UnreachableError("away")))
    with pytest.raises(UnreachableError):
        zuul._getChange("7", "1")
    assert zuul.cache == {}


def test_an_event_without_a_patch_set_of_a_change_that_is_gone_is_one_of_a_change_that_is_gone() -> None:
    def look(source: Any, change: Any) -> None:
        change._data = {"type": "stats"}
        change.patchset = change._data["currentPatchSet"]

    with pytest.raises(ChangeNotFound):
        source(look)._getChange("7", None)


def test_a_hidden_change_that_needs_a_change_does_not_keep_it_out() -> None:
    def look(source: Any, change: Any) -> None:
        if change.number == "8":
            raise ChangeNotFound("8")
        change.behind = [source._getChange("8", "1"), source._getChange("8", "2", refresh=True)]

    found = source(look)._getChange("7", "1")
    assert [hidden.open for hidden in found.behind] == [False, False]


def test_a_hidden_change_that_a_change_needs_keeps_it_out() -> None:
    def look(source: Any, change: Any) -> None:
        if change.number == "8":
            raise ChangeNotFound("8")
        source._getChange("8", "1", history=["7"])

    with pytest.raises(ChangeNotFound):
        source(look)._getChange("7", "1")
