"""Whether Gerrit's words tell of a fault of its own, which may be over in a moment. Pure."""

import re
from collections.abc import Iterator

# Seconds after which faults of Gerrit's own, with one change, count as a refusal.
LATEST = 3600

# A fault of the server's own: it may be over in a moment.
_LATER = re.compile(
    r"internal server error|lock[ _]failure|error while|timed? ?out|try again|temporarily|shutting down|"
    r"service unavailable|\bHTTP\S* 50[0234]\b|\bstatus(?: code)?:? 50[0234]\b",
    re.IGNORECASE,
)
# What Gerrit says of one change, in which people's own words are: names of requirements, labels and files.
_OF_A_CHANGE = re.compile(r"(error: )?(fatal: )?Change \d+(:| is )|[*-] ")
_LIST = re.compile(r"(conflict|file|path)\S*:$", re.IGNORECASE)
_NO_LIST = re.compile(r"(error|fatal): ")
# What Gerrit says around its reasons, for a command line.
_AROUND = re.compile(r"^(error: )?(fatal: )?(one or more reviews failed; review output above)?")


def reasons(words: str) -> list[str]:
    """The lines of ``words`` that say why."""
    lines = (_AROUND.sub("", line.strip()) for line in words.splitlines())
    return [line for line in lines if line]


def passes(words: str) -> bool:
    """Whether what ``words`` tell of may be over in a moment. So is what ends without any."""
    return not reasons(words) or any(_LATER.search(line) for line in _gerrits_own(words))


def _gerrits_own(words: str) -> Iterator[str]:
    """The lines of ``words`` in which nobody else can have put anything."""
    in_list = False
    for line in map(str.strip, words.splitlines()):
        in_list = in_list and not _NO_LIST.match(line)
        if not in_list and not _OF_A_CHANGE.match(line):
            yield line
        in_list = in_list or _LIST.search(line) is not None
