"""The token for a build's folder on the log server. Not about Python 3.

The log server knows the same key, and lets only whoever has the token of a build add to its folder (logs:
pkgci_logs/claim.py). A slave that runs one build so has no way to another's.
"""

import hashlib
import hmac

KEY = "/etc/zuul/log_token.key"


def log_token(path):
    """The token for the folder at ``path``. Raises ``OSError``."""
    with open(KEY, "rb") as file:
        key = file.read().strip()
    return hmac.new(key, f"pkgci-log {path}".encode(), hashlib.sha256).hexdigest()
