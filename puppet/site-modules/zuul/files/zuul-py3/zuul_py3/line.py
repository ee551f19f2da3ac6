"""The reports' own connection to Gerrit: what it cannot do is told apart, no answer from a refusal."""

import os
from pathlib import Path
from typing import Any

from zuul_py3.alerts import Alerts
from zuul_py3.asking import FaultError, RefusedError, UnreachableError, check_end
from zuul_py3.delivering import Delivery
from zuul_py3.hook import mends
from zuul_py3.outbox import Outbox
from zuul_py3.refusals import LaterError
from zuul_py3.reports import Amounts
from zuul_py3.tools import loads_gerrit, text
from zuul_py3.upstream import Connection, Record

# Seconds that Gerrit may take for one command: a submit may take a while.
PATIENCE = 300
_LOOK = (
    "gerrit query --format json --all-approvals --comments --current-patch-set --patch-sets --submit-records change:{}"
)


@mends("zuul.connection.gerrit")
def report_on_a_line_of_its_own(module: Any) -> None:
    """zuul/connection/gerrit.py:284: one client serves all threads, and any failure is the same exception."""
    cls = module.GerritConnection

    class Line(cls):  # type: ignore[misc,valid-type]  # Zuul's class, which is known when it is imported
        """A connection for one thread. Its commands raise RefusedError where Gerrit says no, else UnreachableError."""

        client: Any

        def _ssh(self, command: str, stdin_data: Any = None) -> tuple[str, str]:
            try:
                if self.client and not self.client.get_transport().is_active():
                    # Gerrit has ended it meanwhile: nothing was asked yet.
                    self.close()
                if not self.client:
                    self._open()
                self.log.debug("SSH command:\n%s", command)
                _, stdout, stderr = self.client.exec_command(command, timeout=PATIENCE)
                out, err = text(stdout.read()), text(stderr.read())
                status = stdout.channel.recv_exit_status()
            except Exception as reason:
                self.close()
                raise UnreachableError(f"{type(reason).__name__}: {reason}") from reason
            self.log.debug("SSH exit status: %s, stdout:\n%s\nstderr:\n%s", status, out, err)
            if status < 0:
                self.close()
                raise UnreachableError("the connection ended before the command did")
            if status:
                raise RefusedError(err.strip() or out.strip())
            return out, err

        def close(self) -> None:
            client, self.client = self.client, None
            if client:
                client.close()

        def look(self, number: str) -> Record | None:
            """What Gerrit tells of a change at this moment; None where there is none that Zuul may see."""
            try:
                out, _ = self._ssh(_LOOK.format(number))
                check_end(out)
            except (FaultError, RefusedError) as refusal:
                raise LaterError(refusal.words) from refusal
            found = [loads_gerrit(line) for line in out.splitlines() if line.startswith("{")]
            return next((record for record in found if record.get("number") == str(number)), None)

    def line(self: Connection) -> Any:
        """A connection for the thread that reports."""
        return Line(self.connection_name, self.connection_config)

    cls.reportingLine = line


@mends("zuul.connection.gerrit")
def keep_reports_until_they_arrive(module: Any) -> None:
    """zuul/scheduler.py:1633 drops a report that meets a Gerrit that is away. (Not about Python 3.)"""
    cls = module.GerritConnection
    load, stop = cls.onLoad, cls.onStop

    def outbox(self: Connection) -> Outbox:
        found: Outbox | None = self.__dict__.get("_outbox")
        if found is None:
            sched = self.sched
            given = sched.config.get("zuul", "state_dir") if sched.config.has_option("zuul", "state_dir") else None
            folder = Path(os.path.expanduser(given or "/var/lib/zuul"))  # noqa: PTH111
            log = module.logging.getLogger("zuul.reports")
            amounts = Amounts(self.connection_config.get("lower_votes", "").lower() == "true")
            alerts = Alerts(folder / f"alerts-{self.connection_name}.json", log)
            delivery = Delivery(self.reportingLine(), amounts, alerts, log)
            path = folder / f"reports-{self.connection_name}.json"
            found = self._outbox = Outbox(path, delivery.deliver, lambda report: sched.wake_event.set(), log)
        return found

    def load_with_reports(self: Connection) -> None:
        load(self)
        outbox(self)

    def stop_with_reports(self: Connection) -> None:
        stop(self)
        found: Outbox | None = self.__dict__.get("_outbox")
        if found is not None:
            found.stop()
            self._outbox = None

    cls.outbox = outbox
    cls.onLoad = load_with_reports
    cls.onStop = stop_with_reports
