"""What the REST API's addresses stand for: the data of ``api``, taken from the running stand-in."""

from __future__ import annotations

from http import HTTPStatus

from ..builds.estimate import estimate
from ..controller import Controller
from ..jobs.record import Build, Result
from ..jobs.store import Job, UnknownJobError
from ..jobs.views import ALL
from . import api
from .messages import Refused, Request


class Resources:
    """One method for each thing that has an ``api/json``."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def root(self, request: Request, user: str) -> api.Data:
        """Jenkins itself: all jobs and views."""
        base = self.base(request)
        return {
            "_class": "hudson.model.Hudson",
            "assignedLabels": [{"name": "built-in"}],
            "mode": "EXCLUSIVE",
            "nodeDescription": "the Jenkins controller's built-in node",
            "nodeName": "",
            "numExecutors": 0,
            "description": self._controller.configuration.message,
            "jobs": [self._job_row(base, job) for job in self._controller.store.jobs()] if self._sees(user) else [],
            "primaryView": {"_class": "hudson.model.AllView", "name": ALL, "url": base},
            "quietingDown": self._controller.scheduler.quiet,
            "slaveAgentPort": -1,
            "url": base,
            "useCrumbs": True,
            "useSecurity": True,
            "views": [
                {"_class": "hudson.model.ListView", "name": name, "url": base if name == ALL else f"{base}view/{name}/"}
                for name in self._controller.views.names()
            ],
        }

    def view(self, request: Request, user: str, view: str) -> api.Data:
        """A view and its jobs."""
        base, store = self.base(request), self._controller.store
        wanted = None if view == ALL else self._controller.views.jobs(view)
        jobs = [job for job in store.jobs() if wanted is None or job.name in wanted] if self._sees(user) else []
        return {
            "_class": "hudson.model.ListView",
            "name": view,
            "url": f"{base}view/{view}/",
            "jobs": [self._job_row(base, job) for job in jobs],
        }

    def job(self, request: Request, user: str, job: str) -> api.Data:
        """A job."""
        store = self._controller.store
        queued = next((item for item in self._controller.scheduler.queue() if item.job == job), None)
        return api.job_data(self.base(request), store.job(job), store.builds(job), store.next_number(job), queued)

    def build(self, request: Request, user: str, job: str, number: str) -> api.Data:
        """A build."""
        found = self.find_build(job, number)
        return api.build_data(self.base(request), found, estimate(self._controller.store.builds(job)))

    def queue(self, request: Request, user: str) -> api.Data:
        """What waits."""
        base = self.base(request)
        items = [api.item_data(base, item) for item in self._controller.scheduler.queue()]
        return {"_class": "hudson.model.Queue", "discoverableItems": [], "items": items}

    def item(self, request: Request, user: str, number: str) -> api.Data:
        """One item of the queue."""
        found = self._controller.scheduler.item(int(number))
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"The queue has no item {number}")
        return api.item_data(self.base(request), found)

    def nodes(self, request: Request, user: str) -> api.Data:
        """All nodes."""
        base = self.base(request)
        agents = list(self._controller.agents.values())
        return {
            "_class": "hudson.model.ComputerSet",
            "displayName": "Nodes",
            "busyExecutors": len(self._controller.scheduler.running()),
            "totalExecutors": sum(agent.definition.executors for agent in agents if agent.online),
            "computer": [
                api.built_in_data(),
                *(api.node_data(base, agent, self.running_on(agent.name)) for agent in agents),
            ],
        }

    def node(self, request: Request, user: str, node: str) -> api.Data:
        """One node."""
        if node in ("(master)", "(built-in)"):
            return api.built_in_data()
        agent = self._controller.agents.get(node)
        if agent is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"No node is named {node!r}")
        return api.node_data(self.base(request), agent, self.running_on(node))

    def user(self, request: Request, user: str) -> api.Data:
        """Who asks."""
        return api.user_data(user)

    def base(self, request: Request) -> str:
        """Jenkins' own address: the configured one, or the one that was asked."""
        configured = self._controller.configuration.url
        if configured is not None:
            return configured
        scheme = request.headers.get("x-forwarded-proto", "http")
        return f"{scheme}://{request.headers.get('host', 'localhost')}{self._controller.settings.prefix}/"

    def running_on(self, node: str) -> dict[int, Build]:
        """The builds on a node by executor."""
        running = self._controller.scheduler.running()
        return {item.build.executor: item.build for item in running if item.build.node == node}

    def find_build(self, job: str, number: str) -> Build:
        """A build by its number or by one of Jenkins' words, as in ``lastBuild``. Raises ``UnknownJobError``."""
        store = self._controller.store
        if number.isdecimal():
            return store.build(job, int(number))
        wanted = _WORDS.get(number)
        found = None
        if wanted is not None:
            found = next((build for build in store.builds(job) if build.result in wanted), None)
        if found is None:
            raise UnknownJobError(f"job {job!r} has no build {number!r}")
        return found

    def _job_row(self, base: str, job: Job) -> api.Data:
        return {
            "_class": "hudson.model.FreeStyleProject",
            "name": job.name,
            "url": api.job_url(base, job.name),
            "color": api.color(job, self._controller.store.builds(job.name)),
            "description": job.definition.description,
        }

    def _sees(self, user: str) -> bool:
        return self._controller.gate.may(user, "Job/Read")


_WORDS: dict[str, frozenset[Result | None]] = {
    "lastBuild": frozenset({None, *Result}),
    "lastCompletedBuild": frozenset(Result),
    "lastSuccessfulBuild": frozenset({Result.SUCCESS, Result.UNSTABLE}),
    "lastStableBuild": frozenset({Result.SUCCESS}),
    "lastUnstableBuild": frozenset({Result.UNSTABLE}),
    "lastFailedBuild": frozenset({Result.FAILURE}),
    "lastUnsuccessfulBuild": frozenset({Result.FAILURE, Result.UNSTABLE, Result.ABORTED}),
}
