"""What tests elsewhere need of it."""

from jenkins_apply import files, nodes, settle
from jenkins_apply.apply import Host, look
from jenkins_apply.nodes import Clock
from jenkins_apply.references import Sources
from jenkins_apply.settings import Account, ApplyError, Settings
from jenkins_apply.validate import faults_of
from jenkins_apply.web import Jenkins

__all__ = [
    "Account",
    "ApplyError",
    "Clock",
    "Host",
    "Jenkins",
    "Settings",
    "Sources",
    "faults_of",
    "files",
    "look",
    "nodes",
    "settle",
]
