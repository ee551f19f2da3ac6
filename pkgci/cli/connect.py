"""How commands reach hosts: whom to ask about new host keys, and what the outcome on many hosts means."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from pkgci.cli.invocation import pasteable
from pkgci.cli.say import say
from pkgci.errors import ExitStatus, status_of_all

if TYPE_CHECKING:
    from pkgci.model.site import Site
    from pkgci.remote.errors import HostError
    from pkgci.remote.trust import NewKey, Trust


def site_trust(
    site: Site,
    accept_new_host_keys: bool,
    paused: Callable[[], AbstractContextManager[None]] = nullcontext,
    interrupted: Callable[[], bool] = lambda: False,
) -> Trust:
    """The host keys of ``site``. A new one is recorded where the option says so, else asked about on a terminal.

    ``paused`` leaves the terminal to the question for as long as it takes; ``interrupted`` ends it.
    """
    from pkgci.remote.trust import Trust, accept, refuse

    if accept_new_host_keys:
        return Trust.of(site, accept)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return Trust.of(site, refuse)

    def ask(new: NewKey) -> bool:
        with paused():
            return _ask(new, interrupted)

    return Trust.of(site, ask)


def _ask(new: NewKey, interrupted: Callable[[], bool]) -> bool:
    say(
        f"\n{new.host.name} ({new.host.address} port {new.host.ssh.port}) shows its SSH host key for the first time:",
        err=True,
    )
    say(f"  {new.key}", err=True)
    answer = ""
    while answer not in ("y", "yes", "n", "no"):
        say("Trust this host key? [y/n] ", err=True, nl=False)
        answer = _answer(interrupted).strip().lower()
    return answer in ("y", "yes")


def _answer(interrupted: Callable[[], bool]) -> str:
    """A line from the terminal; no at its end, and once the command is interrupted.

    This runs on a worker's thread: reading through ``sys.stdin`` there would hold its lock, and Python would abort when
    the main thread ends on ^C.
    """
    terminal = sys.stdin.fileno()
    while not select.select([terminal], [], [], 0.2)[0]:
        if interrupted():
            return "no"
    return os.read(terminal, 1024).decode(errors="replace") or "no"


def errors_of(results: Mapping[str, object]) -> tuple[HostError, ...]:
    """The hosts' errors among the results of ``each_host``."""
    from pkgci.remote.errors import HostError

    return tuple(result for result in results.values() if isinstance(result, HostError))


def show_errors(errors: Iterable[HostError]) -> None:
    """Writes each host's error to standard error; a hint that several hosts share is written once, after the last."""
    told = tuple(errors)
    for index, error in enumerate(told):
        say(f"pkgci: {error.message}", err=True)
        if error.hint and error.hint not in [later.hint for later in told[index + 1 :]]:
            say(f"  {pasteable(error.hint)}", err=True)


def data_of(errors: Iterable[HostError]) -> dict[str, dict[str, object]]:
    """The errors for machines: a mapping by host."""
    return {error.host: {**error.to_dict(), "hint": pasteable(error.hint or "") or None} for error in errors}


def status_of(results: Mapping[str, object], as_declared: bool = True) -> ExitStatus:
    """The exit status of a command over hosts; ``as_declared`` is whether what was found on them is."""
    status = status_of_all([_status(result) for result in results.values()])
    return status if as_declared or status is not ExitStatus.AS_DECLARED else ExitStatus.NOT_AS_DECLARED


def _status(result: object) -> ExitStatus:
    """What one host's result means, where it says so; what was merely found is judged elsewhere."""
    status = getattr(result, "status", None)
    return status if isinstance(status, ExitStatus) else ExitStatus.AS_DECLARED
