"""The work items of a site, in the order of the specification (reference: "The specification, item by item")."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WorkItem:
    """One work item. ``name`` is the pkgci command that does it, ``title`` what that is, as a command to somebody."""

    name: str
    title: str


ITEMS = (
    WorkItem("verify-servers", "Check the delivered servers against the order"),
    WorkItem("bootstrap", "Push manifests and data, run Puppet"),
    WorkItem("verify-connectivity", "Prove that the network is as open and as closed as declared"),
    WorkItem("deploy-review", "Set up what the CI needs of Gerrit, where its administrator's password is at hand"),
    WorkItem("verify-review", "Prove that Gerrit lets the CI do its work"),
    WorkItem("deploy-jobs", "Deploy the Jenkins jobs"),
    WorkItem("deploy-pipelines", "Test and deploy the Zuul layout"),
)
NAMES = tuple(item.name for item in ITEMS)
