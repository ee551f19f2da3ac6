"""What it means that a host has not run a program to its end: whose fault it is, and in whose words. Pure."""

from __future__ import annotations

from pkgci.model.site import Host
from pkgci.remote.errors import CutShortError, HostError, LoginShellError, SudoError
from pkgci.remote.framing import Frame, Stage

_NOT_FOUND = 127  # a shell's exit status for a program that is not there


def overdue(host: Host, frame: Frame, stderr: bytes) -> HostError | None:
    """Whose fault it is that the time of ``frame`` has passed, where somebody else's; None: the program is slow."""
    if frame.stage is Stage.CONNECTED and frame.refusal(stderr):
        # An account that has a message in place of a shell may well sleep after it.
        return _no_shell(host, frame, stderr)
    if frame.stage is Stage.LOGGED_IN and frame.root:
        return _no_root(host, frame, stderr)
    return None


def incomplete(host: Host, frame: Frame, stderr: bytes) -> HostError | None:
    """Why the answer of ``frame``, which has come to its end, is not whole; None where it is."""
    if frame.stage is Stage.ENDED:
        return None
    if frame.stage is Stage.CONNECTED:
        return _no_shell(host, frame, stderr)
    if frame.stage is Stage.LOGGED_IN and frame.root:
        return _no_root(host, frame, stderr)
    return CutShortError(
        host.name,
        f"a command was cut short{_how(frame)}",
        "is the host going down, or short of memory? Then run it again",
    )


def _no_shell(host: Host, frame: Frame, stderr: bytes) -> LoginShellError:
    said = frame.refusal(stderr)
    return LoginShellError(
        host.name,
        f"the login shell of {host.ssh.user} did not run the command"
        + (f": {said}" if said else f", and said nothing{_how(frame)}"),
        f"does `ssh {host.ssh.user}@{host.address} true` work? `ssh: {{user: NAME}}` in the site file names another "
        "account; start-up files such as ~/.bashrc must neither run another program nor read standard input",
    )


def _no_root(host: Host, frame: Frame, stderr: bytes) -> SudoError:
    said = frame.refusal(stderr)
    user = host.ssh.user
    if frame.exit_status == _NOT_FOUND:
        reason = f"sudo is not installed ({said})"
    else:
        reason = f"sudo did not run it: {said}" if said else f"sudo did not run it, and said nothing{_how(frame)}"
    return SudoError(
        host.name,
        f"{user} cannot become root: {reason}",
        f"on the host, as root: `echo '{user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/pkgci`, and sudo must be "
        "installed",
    )


def _how(frame: Frame) -> str:
    if frame.exit_status is None:
        return ""
    return " (killed by a signal)" if frame.exit_status < 0 else f" (exit status {frame.exit_status})"
