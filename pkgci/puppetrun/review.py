"""The review copy of a host's data, as its last bootstrap brought it: readable text, with the secrets hidden."""

from __future__ import annotations

from pkgci.remote.session import Session

# One file after another; a line that begins with the control character SOH names the next.
_READ = r"""
cd /var/lib/pkgci/current 2>/dev/null && [ -d review ] || exit 3
find review -type f -exec sh -c 'for file do printf "\001%s\n" "${file#review/}"; cat "$file"; done' sh {} +
"""


def read_review(session: Session) -> dict[str, str] | None:
    """File name → text of the review copy on the session's host; None where nothing is deployed yet."""
    completed = session.run(_READ)
    return parse_review(completed.stdout) if completed.status == 0 else None


def parse_review(text: str) -> dict[str, str]:
    """The files in what the host sent."""
    files: dict[str, str] = {}
    for part in text.split("\001")[1:]:
        name, _, content = part.partition("\n")
        files[name] = content
    return files
