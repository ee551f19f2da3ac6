"""The review copy of a host's data, as its last bootstrap brought it: readable text, with the secrets hidden."""

from __future__ import annotations

from pkgci.remote.errors import HostError
from pkgci.remote.session import Session

_NOTHING = 3
# One file after another; a line that begins with the control character SOH names the next.
_READ = r"""
cd /var/lib/pkgci/current 2>/dev/null && [ -d review ] || exit 3
find review -type f -exec sh -c 'for file do printf "\001%s\n" "${file#review/}"; cat "$file"; done' sh {} +
"""


def read_review(session: Session) -> dict[str, str] | None:
    """File name → text of the review copy on the session's host; None where nothing is deployed yet.

    Raises ``HostError``.
    """
    completed = session.run(_READ)
    if completed.status == _NOTHING:
        return None
    if completed.status != 0:
        said = completed.stderr.strip().splitlines()[-1:] or [f"exit status {completed.status}"]
        raise HostError(session.host.name, f"what is deployed there cannot be read: {said[0]}")
    return parse_review(completed.stdout)


def parse_review(text: str) -> dict[str, str]:
    """The files in what the host sent."""
    files: dict[str, str] = {}
    for part in text.split("\001")[1:]:
        name, _, content = part.partition("\n")
        files[name] = content
    return files
