"""The connection to Gerrit: bytes, events, newer Gerrits, and whom to trust."""

import types
from collections.abc import Iterator
from typing import Any

from zuul_py3.hook import mends
from zuul_py3.tools import Facade, SnapshotDict, loads_gerrit, text
from zuul_py3.upstream import Connection


@mends("zuul.connection.gerrit")
def trust_known_hosts_only(module: Any) -> None:
    """zuul/connection/gerrit.py:174 and 371 warn of an unknown host key, and go on. (Not about Python 3.)

    With this, a Gerrit whose key is not in the user's known_hosts, or not that one, is refused.
    """
    paramiko = module.paramiko
    module.paramiko = Facade(paramiko, WarningPolicy=paramiko.RejectPolicy)


@mends("zuul.connection.gerrit")
def read_answers_as_text(module: Any) -> None:
    """zuul/connection/gerrit.py:384: what paramiko reads is bytes."""
    ssh = module.GerritConnection._ssh

    def ssh_as_text(self: Connection, command: str, stdin_data: Any = None) -> tuple[str, str]:
        out, err = ssh(self, command, stdin_data)
        return text(out), text(err)

    module.GerritConnection._ssh = ssh_as_text


@mends("zuul.connection.gerrit")
def quote_messages(module: Any) -> None:
    """zuul/connection/gerrit.py:284 puts a message between quotes as it is: it could end them. (Not about Python 3.)

    Messages carry results and addresses that come from Gearman workers.
    """
    review = module.GerritConnection.review

    def review_quoted(self: Connection, project: str, change: str, message: str | None, action: Any = None) -> Any:
        quoted = message.replace("\\", "\\\\").replace('"', '\\"') if message else message
        return review(self, project, change, quoted, action or {})

    module.GerritConnection.review = review_quoted


@mends("zuul.connection.gerrit")
def let_changes_be_cached_while_they_are_walked(module: Any) -> None:
    """zuul/connection/gerrit.py:262 walks the cache in one thread while the event thread adds to it."""
    init = module.GerritConnection.__init__

    def with_snapshots(self: Connection, *args: Any, **settings: Any) -> None:
        init(self, *args, **settings)
        self._change_cache = SnapshotDict()

    module.GerritConnection.__init__ = with_snapshots


@mends("zuul.connection.gerrit")
def read_every_event_at_once(module: Any) -> None:
    """zuul/connection/gerrit.py:162 reads one line for each packet: of two events in one, the second waits.

    It waits until the next event comes, however long that takes. (Not about Python 3.)
    """

    def events(channel: Any) -> Iterator[list[bytes]]:
        """The lines that have arrived. Raises where the stream has ended."""
        data = b""
        while True:
            new = channel.recv(65536)
            if not new:
                raise Exception("Gerrit ended the stream of events")
            data += new
            *lines, data = data.split(b"\n")
            yield [line for line in lines if line.strip()]

    def listen(self: Any, stdout: Any, stderr: Any) -> None:
        channel = stdout.channel
        poll = module.select.poll()
        poll.register(channel)
        arrived = events(channel)
        while not self._stopped:
            for descriptor, event in poll.poll(self.poll_timeout):
                if descriptor != channel.fileno():
                    continue
                if event != module.select.POLLIN:
                    raise Exception("the connection to Gerrit broke")
                for line in next(arrived):
                    self._read(types.SimpleNamespace(readline=lambda line=line: text(line)))

    module.GerritWatcher._listen = listen


@mends("zuul.connection.gerrit")
def take_numbers_for_text(module: Any) -> None:
    """zuul/connection/gerrit.py reads events and queries; newer Gerrits send numbers in them. (Not about Python 3.)"""
    module.json = Facade(module.json, loads=loads_gerrit)
