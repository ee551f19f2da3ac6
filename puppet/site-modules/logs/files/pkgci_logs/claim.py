"""Whose a build's folder is. Nobody adds to it but the job that runs the build.

Two words show that. Zuul gives each job a token for the folder of its own build, made with a key that only Zuul's
host and this one have: whoever may use the upload key, but runs another build, has none. And the job has a secret of
its own, which it tells nobody else: the first one who comes with the token claims the folder, and from then on his
secret is asked for as well.

A build with a result has ended: after some minutes, in which its job may try to send the rest again, nothing more is
added to it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import time
from pathlib import Path

from .store import RESULT, BuildPath, Refused, Store
from .words import Words

GRACE = 600.0  # seconds
_ENDED = "ended\n"


def token_of(key: bytes, path: str) -> str:
    """Zuul's token for the folder at ``path`` (zuul: zuul_py3/log_token.py)."""
    return hmac.new(key.strip(), f"pkgci-log {path}".encode(), hashlib.sha256).hexdigest()


class Claim:
    """The folder's mark, where nobody sends files to: the checksum of the secret, and whether the log has ended."""

    def __init__(self, mark: Path, is_first: bool) -> None:
        self._mark = mark
        self.is_first = is_first

    @property
    def log_ended(self) -> bool:
        """Whether the growing log has come to its end."""
        return self._mark.read_text().endswith(_ENDED)

    def end_log(self) -> None:
        """Nothing more is added to the log."""
        with self._mark.open("a") as file:
            file.write(_ENDED)


def claim(store: Store, path: BuildPath, words: Words, key: bytes, now: float | None = None) -> Claim:
    """The claim of whoever says ``words``, which begin with the token and the secret. Raises ``Refused``."""
    token, secret = words.line(), words.line()
    if not hmac.compare_digest(token.encode(), token_of(key, path.text).encode()):
        raise Refused("not the token for this build: Zuul gives each job that of its own build (PKGCI_LOG_TOKEN)")
    if not re.fullmatch(r"[0-9a-f]{32,64}", secret):
        raise Refused("the second line is no secret")
    if _has_ended(store, path, time.time() if now is None else now):
        raise Refused("this build has ended")
    hashed = hashlib.sha256(secret.encode()).hexdigest()
    mark = store.streams / hashlib.sha256(path.text.encode()).hexdigest()
    return Claim(mark, _is_first(store, mark, path, hashed))


def _is_first(store: Store, mark: Path, path: BuildPath, hashed: str) -> bool:
    temporary = store.streams / f".{hashed}.{os.getpid()}"
    try:
        temporary.write_text(f"{hashed} {path.text}\n")
        os.link(temporary, mark)
    except FileExistsError:
        if not hmac.compare_digest(mark.read_text().split(" ")[0], hashed):
            raise Refused("this log is somebody else's") from None
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


def _has_ended(store: Store, path: BuildPath, now: float) -> bool:
    """By when the result came here: nobody can send that time."""
    try:
        return now - (store.logs / path.text / RESULT).lstat().st_ctime > GRACE
    except OSError:
        return False
