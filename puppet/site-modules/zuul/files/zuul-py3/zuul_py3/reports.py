"""A report to Gerrit, as data: its steps, what became of it, and what is known of the votes that Gerrit takes. Pure."""

# What became of a report.
DELIVERED, MERGED, REFUSED, DROPPED = "delivered", "merged", "refused", "dropped"


class Step:
    """One command to Gerrit: a message, votes (label → amount), whether to submit, and other options that it takes.

    ``since`` is when it was first tried, ``given`` the votes as they were given last, and ``said`` whether it is known
    to have arrived, but for the submit. ``faulty_since`` is when Gerrit first had a fault of its own with it.
    """

    def __init__(self, message, votes=None, submit=False, options=(), since=None, said=False, given=None):
        self.message = message
        self.votes = dict(votes or {})
        self.submit = submit
        self.options = tuple(options)
        self.since = since
        self.said = said
        self.given = dict(self.votes if given is None else given)
        self.faulty_since = None


class Always:
    """Where nothing is submitted: a report that is always wanted."""

    def wanted(self):
        return True


class Report:
    """What is to be told to Gerrit about a change. ``about`` says whether it still is, and on what a submit depends."""

    def __init__(self, project, branch, number, patch_set, steps, about=None):
        self.project = project
        self.branch = branch
        self.number = str(number)
        self.patch_set = str(patch_set)
        self.steps = list(steps)
        self.about = about or Always()
        self.outcome = None
        self.finished = False
        # Whether the change has been told of a vote that was dropped.
        self.complained = False

    @property
    def kept(self):
        """Whether it is kept in a file: nothing in Zuul's queues stands for it."""
        return isinstance(self.about, Always)

    def __str__(self):
        return f"report on {self.number},{self.patch_set} of {self.project}"


class Amounts:
    """What is known of the votes that Gerrit takes. ``lowers``: what it drops is given again, smaller."""

    def __init__(self, lowers):
        self._lowers = lowers
        # (project, label in small letters) → the largest amount that arrived, where a larger one did not.
        self._largest = {}

    def capped(self, project, votes):
        """``votes`` as this project takes them."""
        return {label: _capped(amount, self._largest.get((project, label.lower()))) for label, amount in votes.items()}

    def lowered(self, missing):
        """The next smaller amounts in place of ``missing``; none where nothing smaller is left, or wanted."""
        smaller = {label: amount - (1 if amount > 0 else -1) for label, amount in missing.items()}
        return {label: amount for label, amount in smaller.items() if amount} if self._lowers else {}

    def learn(self, project, label, amount):
        self._largest[project, label.lower()] = abs(amount)

    def forget(self, project, labels):
        for label in labels:
            self._largest.pop((project, label.lower()), None)


def _capped(amount, largest):
    if largest is None or abs(amount) <= largest:
        return amount
    return largest if amount > 0 else -largest
