"""What Gerrit's words mean where it refuses a review or a submit: what somebody has to do. Pure."""

import re
from collections.abc import Iterable

from zuul_py3.faults import reasons
from zuul_py3.upstream import Votes

NOT_SUBMITTED = "The jobs succeeded, but this change was not submitted."
RECHECK = "Then have it tested again: write a comment with a line that says only: recheck"


class LaterError(Exception):
    """Gerrit has a fault of its own with this change: it is tried again later, others go on."""


class Advice:
    """What is to be done about a refusal; ``alert`` where it is a right of the CI's own that lacks."""

    def __init__(self, text: str, alert: bool = False) -> None:
        self.text = text
        self.alert = alert


def on_submit(words: str, project: str, branch: str, user: str, votes: Iterable[str]) -> Advice:
    """The advice on a submit that was refused with ``words``; ``votes`` are the labels that Zuul itself votes on."""
    if re.search(r"not permitted", words, re.IGNORECASE):
        right = f"{user} needs the right Submit on refs/heads/{branch} of {project}"
        return Advice(f"In Gerrit, the account {right}: `pkgci verify-review` shows which rights lack.", alert=True)
    unmet = re.findall(r"submit requirement '([^']+)'", words)
    needed = re.search(r"must be submitted with change (\d+)", words)
    marked = ["Mark it ready for review."] if re.search(r"work in progress", words, re.IGNORECASE) else []
    if needed:
        # What else lacks may be that change's.
        return Advice(" ".join([f"Change {needed[1]} must be ready too: see what it lacks, and approve it.", *marked]))
    if marked:
        return Advice(marked[0])
    ours = {label.lower() for label in votes}
    own = [label for label in unmet if label.lower() in ours]
    if own:
        return Advice(
            f"Zuul's vote on {own[0]} does not fulfil it: compare the label's range and its submit requirement with "
            "`gerrit: {votes: …}` of the site (`pkgci verify-review` does).",
            alert=True,
        )
    if unmet:
        return Advice(f"See to it that {' and '.join(dict.fromkeys(unmet))} is fulfilled.")
    if re.search(r"conflict|rebase", words, re.IGNORECASE):
        return Advice("Rebase it and push a new patch set.")
    return Advice("Mend what Gerrit says.")


def submit_refused(words: str, advice: Advice) -> str:
    """The comment on a change whose submit was refused."""
    # People choose names in it: no line of theirs may be one that starts a pipeline.
    said = "\n".join(f"| {line}" for line in reasons(words))
    return f"The jobs succeeded, but Gerrit refused to submit this change:\n\n{said}\n\n{advice.text}\n{RECHECK}"


def vote_refused(words: str, user: str) -> str:
    """What is added to a report whose votes were refused."""
    said = " ".join(reasons(words))
    return (
        f"Gerrit refused the vote of the account {user}: {said}. It needs the right to vote on this label, in the "
        "label's whole range: `pkgci verify-review` shows which rights lack."
    )


def vote_dropped(missing: Votes, user: str) -> str:
    """The comment on a change on which votes did not arrive; ``missing``: label → amount."""
    votes = ", ".join(f"{label} {value:+d}" for label, value in missing.items())
    return (
        f"Gerrit dropped a vote of the account {user} without a word: {votes}. Either the project has no such label, "
        "or its range does not have this amount. In Gerrit, widen the label's range, or declare other votes in the "
        "site (`gerrit: {votes: …}`): `pkgci verify-review` shows both."
    )
