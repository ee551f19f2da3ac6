"""What is broken, and which tests are to notice."""

from __future__ import annotations

# Folder or module → the tests that know it.
ROOMS: dict[str, tuple[str, ...]] = {
    "pkgci/remote": ("tests/unit/remote", "tests/unit/cli/test_bootstrap_hosts.py"),
    "pkgci/puppetrun/run.py": ("tests/unit/puppetrun", "tests/unit/cli/test_bootstrap_hosts.py"),
    "pkgci/puppetrun/follow.py": ("tests/unit/puppetrun", "tests/unit/cli/test_bootstrap_hosts.py"),
    "pkgci/puppetrun/safety.py": ("tests/unit/puppetrun", "tests/unit/cli/test_bootstrap_hosts.py"),
    "pkgci/puppetrun/host_state.py": ("tests/unit/puppetrun", "tests/unit/cli/test_bootstrap_hosts.py"),
    "pkgci/puppetrun/history.py": ("tests/unit/puppetrun", "tests/unit/cli/test_bootstrap_hosts.py"),
    "pkgci/servers/inspect.py": ("tests/unit/servers", "tests/unit/cli/test_looking_hosts.py"),
    "pkgci/status/gather.py": ("tests/unit/status", "tests/unit/cli/test_looking_hosts.py"),
    "pkgci/connectivity/run.py": ("tests/unit/connectivity", "tests/unit/cli/test_looking_hosts.py"),
    "pkgci/cli/bootstrap.py": ("tests/unit/cli",),
    "pkgci/cli/bootstrap_keys.py": ("tests/unit/cli",),
    "pkgci/cli/connect.py": ("tests/unit/cli",),
    "pkgci/cli/signals.py": ("tests/unit/cli",),
    "pkgci/cli/verify_servers.py": ("tests/unit/cli/test_looking_hosts.py",),
    "pkgci/cli/verify_connectivity.py": ("tests/unit/cli/test_looking_hosts.py",),
    "pkgci/cli/status.py": ("tests/unit/cli/test_looking_hosts.py",),
}
# Of the mutants, so many must be noticed (percent).
WANTED = 90
