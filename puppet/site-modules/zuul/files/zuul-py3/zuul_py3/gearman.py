"""Gearman: text where gear has bytes, and dicts that several threads use."""

from typing import Any

from zuul_py3.hook import mends
from zuul_py3.tools import Facade, SnapshotDict, text
from zuul_py3.upstream import Launcher


def text_gear() -> Facade:
    """The gear module with str at its edges, as Zuul expects it."""
    import gear

    class TextResponse:
        """gear stores the answer to an administrative request as bytes; Zuul reads it as text."""

        @property
        def response(self) -> Any:
            return text(self.__dict__.get("_response"))

        @response.setter
        def response(self, value: Any) -> Any:
            self.__dict__["_response"] = value

    class StatusAdminRequest(TextResponse, gear.StatusAdminRequest):  # type: ignore[misc]  # gear has no types
        pass

    class CancelJobAdminRequest(TextResponse, gear.CancelJobAdminRequest):  # type: ignore[misc]  # as above
        pass

    return Facade(
        gear,
        Job=gear.TextJob,
        Worker=gear.TextWorker,
        StatusAdminRequest=StatusAdminRequest,
        CancelJobAdminRequest=CancelJobAdminRequest,
    )


@mends("zuul.launcher.gearman", "zuul.merger.client", "zuul.merger.server", "zuul.rpcclient", "zuul.rpclistener")
def speak_text(module: Any) -> None:
    """Job names, arguments and answers: gear 0.16 has bytes (zuul/launcher/gearman.py:137 and many others)."""
    module.gear = text_gear()


@mends("zuul.launcher.gearman")
def ask_for_arguments(module: Any) -> None:
    """zuul/launcher/gearman.py:234: inspect.getargspec() is gone since Python 3.11."""
    import inspect

    module.inspect = Facade(inspect, getargspec=inspect.getfullargspec)


@mends("zuul.launcher.gearman")
def let_builds_end_while_they_are_walked(module: Any) -> None:
    """zuul/launcher/gearman.py: the builds are walked in one thread while gear's own thread removes some."""
    init = module.Gearman.__init__

    def with_snapshots(self: Launcher, *args: Any, **settings: Any) -> None:
        init(self, *args, **settings)
        self.builds = SnapshotDict(self.builds)
        self.meta_jobs = SnapshotDict(self.meta_jobs)

    module.Gearman.__init__ = with_snapshots
