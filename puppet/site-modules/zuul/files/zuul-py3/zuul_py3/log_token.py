"""The token for a build's folder on the log server. Not about Python 3.

The log server knows the same key, and lets only whoever has the token of a build add to its folder (logs:
pkgci_logs/claim.py). A slave that runs one build so has no way to another's.
"""

import hashlib
import hmac
from pathlib import Path

KEY = Path("/etc/zuul/log_token.key")


def log_token(path: str) -> str:
    """The token for the folder at ``path``. Raises ``OSError``."""
    return hmac.new(KEY.read_bytes().strip(), f"pkgci-log {path}".encode(), hashlib.sha256).hexdigest()
