"""A report's way to Gerrit: said once, its votes read back, submitted only where that is still wanted. Pure.

What became of an attempt that broke off, nobody knows: before anything is said or voted again, it is looked for.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from zuul_py3 import faults, records, refusals
from zuul_py3.alerts import Alerts
from zuul_py3.asking import RefusedError
from zuul_py3.reports import DELIVERED, DROPPED, MERGED, REFUSED, Amounts, Report, Step
from zuul_py3.upstream import Record, Votes

# Seconds after which a vote that is not there counts as dropped.
SETTLING = 2


class _GivenUpError(Exception):
    """Gerrit has had a fault of its own with a change for so long that nobody waits for it any more."""


class Gerrit(Protocol):
    """How reports reach Gerrit: ``user`` is the account."""

    @property
    def user(self) -> str: ...
    def look(self, number: str, /) -> Record | None: ...
    def review(self, project: str, change: str, message: str, action: Mapping[str, Any], /) -> object: ...


class Delivery:
    """Delivers reports by way of ``gerrit``, which has ``user``, ``look(number)`` and ``review(…)``.

    Raises UnreachableError and LaterError where a report has to be delivered again later: it goes on where it was.
    """

    def __init__(
        self,
        gerrit: Gerrit,
        amounts: Amounts,
        alerts: Alerts,
        log: logging.Logger,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._gerrit = gerrit
        self._amounts = amounts
        self._alerts = alerts
        self._log = log
        self._clock = clock
        self._sleep = sleep

    def deliver(self, report: Report) -> None:
        while report.steps:
            if not report.about.wanted():
                report.steps.clear()
                report.outcome = DROPPED
                return
            try:
                self._take(report, report.steps[0])
            except _GivenUpError as reason:
                self._give_up(report, reason)
        report.outcome = report.outcome or DELIVERED

    def _give_up(self, report: Report, reason: Exception) -> None:
        text = f"Gerrit has told nothing of change {report.number} of {report.project} for too long: {reason}"
        self._alerts.put(f"look {report.project}", text)
        report.steps.clear()
        report.outcome = REFUSED

    def _take(self, report: Report, step: Step) -> None:
        """Takes one step, or puts others in its place."""
        record = self._look(report) if step.since or step.submit else None
        if step.since and not step.said:
            step.said = self._has_said(record, report, step)
        if step.submit and self._needs_no_submit(report, step, record):
            return
        words = None
        if not step.said:
            words = self._review(report, step, step.message, self._amounts.capped(report.project, step.votes))
            if words is not None and not self._arrived_nevertheless(report, step, words):
                self._without_votes(report, step, words)
                return
            step.said = True
        elif step.submit:
            words = self._review(report, step, "", {})
        if step.submit and words is None:
            self._submitted(report, step)
        else:
            self._read_back(report, step, words)

    def _arrived_nevertheless(self, report: Report, step: Step, words: str) -> bool:
        """Whether only the submit was refused, and the rest is there."""
        record = self._look(report)
        if self._has_said(record, report, step):
            return True
        # Gerrit's words for a change that there is not; of one that there is, they tell of a fault.
        if "database error" in words and record and record.get("project") == report.project:
            self._later(step, words)
        return False

    def _needs_no_submit(self, report: Report, step: Step, record: Record | None) -> bool:
        """Where the change is merged already, or what its merge depends on has gone, the step is another one."""
        if records.is_merged(record):
            step.submit = False
            report.outcome = MERGED
            if step.said:
                self._merged(report)
            return step.said
        lacks = report.queued.lacks(record) if record else [records.Lack("Gerrit does not know it", "Gerrit does")]
        if lacks:
            self._log.warning("Not submitted: %s: %s", report, records.told(lacks)[0])
            report.steps[0] = Step(report.queued.not_submitted(lacks, step.message), report.queued.regained())
            report.outcome = REFUSED
        return bool(lacks)

    def _read_back(self, report: Report, step: Step, words: str | None) -> None:
        """Sees to it that the votes have arrived; ``words`` are Gerrit's where it refused the submit."""
        missing: Votes = {}
        capped = step.given != step.votes
        while step.submit or any(step.given.values()):
            record = self._look(report)
            if records.is_merged(record):
                self._merged(report)
                return
            missing = self._missing(report, step, record)
            again = self._amounts.lowered(missing)
            if step.submit and not missing and capped:
                # It took no more, once: that may not be enough now, or not be so any more.
                capped = False
                self._amounts.forget(report.project, step.votes)
                again = {label: amount for label, amount in step.votes.items() if amount != step.given[label]}
            if not again:
                break
            if step.submit and self._needs_no_submit(report, step, record):
                return
            refused = self._review(report, step, "", again)
            if step.submit and refused is None:
                self._submitted(report, step)
                return
            words = refused or words
        # The step stays until there is what comes after it: the layout may be loaded anew at this moment.
        if step.submit:
            report.steps[0] = self._submit_refused(report, step, words or "", missing)
            report.outcome = REFUSED
        elif missing and not report.complained:
            report.steps[0] = Step(self._dropped(report, missing))
        else:
            del report.steps[0]

    def _missing(self, report: Report, step: Step, record: Record | None) -> Votes:
        """The votes of ``step`` that are not there. What arrived smaller than it was meant is remembered."""
        missing = self._not_there(report, step, record)
        if missing:
            self._sleep(SETTLING)
            missing = self._not_there(report, step, self._look(report))
        for label, amount in step.given.items():
            if amount and label not in missing:
                self._alerts.clear(f"vote {report.project} {label}")
                if abs(amount) < abs(step.votes[label]):
                    self._amounts.learn(report.project, label, amount)
        return missing

    def _not_there(self, report: Report, step: Step, record: Record | None) -> Votes:
        votes = records.own_votes(record, report.patch_set, self._gerrit.user)
        # What is abandoned takes no votes.
        if record is None or votes is None or not (record.get("open", True) or records.is_merged(record)):
            return {}
        # To Gerrit, a label's name is the same in capitals and without.
        votes = {label.lower(): amount for label, amount in votes.items()}
        return {label: amount for label, amount in step.given.items() if amount and votes.get(label.lower()) != amount}

    def _submitted(self, report: Report, step: Step) -> None:
        """Gerrit has merged the change. A vote that it dropped was not needed, but others may be."""
        step.said = True
        missing = self._missing(report, step, self._look(report))
        if missing and not self._amounts.lowered(missing):
            self._dropped(report, missing)
        self._merged(report)

    def _submit_refused(self, report: Report, step: Step, words: str, missing: Votes) -> Step:
        """The step in place of one whose submit was refused."""
        votes = report.queued.failed()
        self._log.error("Gerrit refused to submit %s: %s", report, words)
        gerrit = self._gerrit
        advice = refusals.on_submit(words, report.project, report.branch, gerrit.user, step.votes)
        text = refusals.submit_refused(words, advice)
        if missing:
            text += "\n\n" + self._dropped(report, missing)
        elif advice.alert:
            key = f"submit {report.project} {report.branch}"
            why = "; ".join(faults.reasons(words))
            self._alerts.put(key, f"Gerrit refused to submit change {report.number} of {report.project}: {why}")
        return Step(text, votes)

    def _dropped(self, report: Report, missing: Votes) -> str:
        report.complained = True
        for label, amount in missing.items():
            text = f"Gerrit drops Zuul's vote {label} {amount:+d} on changes of {report.project}"
            self._alerts.put(f"vote {report.project} {label}", text)
        return refusals.vote_dropped(missing, self._gerrit.user)

    def _without_votes(self, report: Report, step: Step, words: str) -> None:
        """Gerrit refused all of a step: what it has to say is said without its votes."""
        self._log.error("Gerrit refused a %s: %s", report, words)
        if not step.votes:
            report.steps.clear()
            report.outcome = REFUSED
            return
        if step.submit and records.is_merged(self._look(report)):
            # Others have merged it since it was looked at.
            step.submit = False
            report.outcome = MERGED
        closed = report.outcome == MERGED or "closed change" in words
        if not closed:
            text = f"Gerrit refuses Zuul's votes on changes of {report.project}: {'; '.join(faults.reasons(words))}"
            self._alerts.put(f"vote {report.project} {' '.join(step.votes)}", text)
            report.outcome = REFUSED
        why = [] if closed else [refusals.vote_refused(words, self._gerrit.user)]
        said = refusals.NOT_SUBMITTED if step.submit else step.message
        report.steps[0] = Step("\n\n".join([said, *why]))

    def _merged(self, report: Report) -> None:
        report.outcome = MERGED
        self._alerts.clear(f"submit {report.project} {report.branch}")
        del report.steps[0]

    def _has_said(self, record: Record | None, report: Report, step: Step) -> bool:
        if not step.message or step.since is None:
            return False
        return records.has_said(record, self._gerrit.user, report.patch_set, step.message, step.since)

    def _look(self, report: Report) -> Record | None:
        try:
            record = self._gerrit.look(report.number)
        except refusals.LaterError as fault:
            self._later(report.steps[0], str(fault))
            raise _GivenUpError(str(fault)) from fault
        self._alerts.clear(f"look {report.project}")
        return record

    def _review(self, report: Report, step: Step, message: str, votes: Votes) -> str | None:
        """Gives it to Gerrit; its words where it refuses, else None. Raises UnreachableError and LaterError."""
        if step.submit:
            report.queued.before_submit()
        if step.since is None:
            step.since = self._clock()
        step.given.update(votes)
        options = (*(step.options if message else ()), *(("submit",) if step.submit else ()))
        action = {**votes, **dict.fromkeys(options, True)}
        try:
            self._gerrit.review(report.project, f"{report.number},{report.patch_set}", message, action)
        except RefusedError as refusal:
            if faults.passes(refusal.words):
                self._later(step, refusal.words)
            return refusal.words
        return None

    def _later(self, step: Step, words: str) -> None:
        """Raises LaterError, unless it has been tried long enough."""
        now = self._clock()
        step.faulty_since = now if step.faulty_since is None else step.faulty_since
        if now - step.faulty_since < faults.LATEST:
            raise refusals.LaterError(words)
