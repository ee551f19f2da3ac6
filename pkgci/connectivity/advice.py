"""What a surprise means for the site, and what to type next. Pure."""

from __future__ import annotations

from pkgci.connectivity.matrix import Expectation, NameCheck, PortCheck
from pkgci.connectivity.plan import Outcome
from pkgci.model import flows

# What follows from a port that is open to those it should be closed to.
_DANGER = {
    flows.GEARMAN: "Gearman asks nobody for a password: who reaches it can start jobs and fake their results",
    flows.SSH: "only the management networks and the hosts that need it may knock here",
    flows.METRICS: "the metrics tell strangers what runs on the host",
    flows.ZUUL_WEBAPP: "it belongs behind the web server of its own host, and nowhere else",
    flows.GERRIT_HTTP: "whoever reaches Gerrit past its web server is past TLS and past its login",
    flows.JENKINS_HTTP: "whoever reaches Jenkins past its web server is past TLS and what that denies",
}


def advice(check: PortCheck | NameCheck, outcome: Outcome | None, *, believed: bool) -> str:
    """Why the surprise matters and what to do about it, in one line. ``believed``: something was found at all."""
    if isinstance(check, NameCheck):
        return _name(check, believed)
    if not believed:
        return f"make {check.vantage.name} reachable, then run this again"
    again = f"`pkgci bootstrap --host {check.target}`"
    if check.expected is Expectation.CLOSED:
        danger = _DANGER.get(check.port, "no flow of the site permits it")
        return f"{danger}; {again} restores its firewall"
    service = f"this stops: {check.why}"
    if check.jump is not None:
        return f"{service}; see what `ssh -J {check.jump} {check.target}` says"
    if outcome is Outcome.REFUSED:
        return f"{service}; nothing listens there: {_restart(check)}"
    if outcome in (Outcome.FILTERED, Outcome.UNREACHABLE):
        return f"{service}; if {again} changes nothing, ask who runs the firewalls in between"
    return f"{service}; {_mend(check)}"


def _restart(check: PortCheck) -> str:
    if check.port is flows.SSH:
        return f"on the console of {check.target}: `systemctl restart ssh`"
    return f"`pkgci bootstrap --host {check.target}`"


def _mend(check: PortCheck) -> str:
    if check.port is flows.GERRIT_SSH:
        return f"`pkgci bootstrap --host {check.target}` gives Gerrit the key that the site has of it"
    if check.port.check is flows.Check.SSH:
        return "compare the fingerprint on the host's console before anybody logs in"
    if check.port.check is flows.Check.HTTPS:
        return f"`pkgci secrets init` renews certificates, `pkgci bootstrap --host {check.target}` installs them"
    return f"`pkgci bootstrap --host {check.target}`"


def _name(check: NameCheck, believed: bool) -> str:
    if not believed:
        return f"make {check.vantage.name} reachable, then run this again"
    return "`pkgci order-servers` writes the DNS records that the zone must have"
