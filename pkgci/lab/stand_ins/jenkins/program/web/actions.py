"""What changes something: jobs, views, builds, nodes, the configuration."""

from __future__ import annotations

import uuid
from http import HTTPStatus

from ..controller import Controller
from ..nodes.agent import Agent
from . import api
from .messages import Refused, Request, Response, answer_json, answer_text, redirect
from .resources import Resources
from .security import ANONYMOUS, AUTHENTICATION_REQUIRED

_XML = "application/xml"
# What the real one's check reads; it finds nothing wrong with anything else.
_YAML = "application/yaml"


class Actions:
    """One method for each address that is POSTed to, and the config.xml of jobs and views."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._resources = Resources(controller)

    # Jobs

    def config(self, request: Request, user: str, job: str) -> Response:
        """A job's config.xml."""
        return Response(body=self._controller.store.job(job).config, content_type=_XML)

    def create(self, request: Request, user: str) -> Response:
        """Makes a job of the config.xml in the body."""
        if request.query.get("mode") == "copy":
            config = self._controller.store.job(request.query.get("from", "")).config
        elif _is_xml(request):
            config = request.body
        else:
            raise Refused(HTTPStatus.BAD_REQUEST, "No mode given", ("X-Error", "No mode given"))
        self._controller.store.create(request.query.get("name", ""), config)
        return answer_text("")

    def change(self, request: Request, user: str, job: str) -> Response:
        """Puts the config.xml in the body in place of what the job has."""
        self._controller.store.change(job, request.body)
        return answer_text("")

    def delete(self, request: Request, user: str, job: str) -> Response:
        """Deletes a job; what runs of it is ended."""
        self._controller.store.job(job)
        self._controller.scheduler.cancel_job(job)
        self._controller.store.delete(job)
        return redirect(self._resources.base(request))

    def enable(self, request: Request, user: str, job: str) -> Response:
        """Enables a job."""
        self._controller.store.switch(job, disabled=False)
        return redirect(api.job_url(self._resources.base(request), job))

    def disable(self, request: Request, user: str, job: str) -> Response:
        """Disables a job."""
        self._controller.store.switch(job, disabled=True)
        return redirect(api.job_url(self._resources.base(request), job))

    # Views

    def view_config(self, request: Request, user: str, view: str) -> Response:
        """A view's config.xml."""
        return Response(body=self._controller.views.config(view), content_type=_XML)

    def create_view(self, request: Request, user: str) -> Response:
        """Makes a view."""
        self._controller.views.create(request.query.get("name", ""), request.body)
        return answer_text("")

    def change_view(self, request: Request, user: str, view: str) -> Response:
        """Changes a view."""
        self._controller.views.change(view, request.body)
        return answer_text("")

    def delete_view(self, request: Request, user: str, view: str) -> Response:
        """Deletes a view."""
        self._controller.views.delete(view)
        return redirect(self._resources.base(request))

    # Builds

    def build(self, request: Request, user: str, job: str) -> Response:
        """Queues a build of a job without parameters."""
        if self._controller.store.job(job).definition.parameters:
            raise Refused(HTTPStatus.BAD_REQUEST, "The job has parameters: buildWithParameters begins it")
        return self._submit(request, user, job, {})

    def build_with_parameters(self, request: Request, user: str, job: str) -> Response:
        """Queues a build with the parameters of the address and of the form."""
        if not self._controller.store.job(job).definition.parameters:
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "This build is not parameterized!")
        return self._submit(request, user, job, dict(request.query))

    def stop(self, request: Request, user: str, job: str, number: str) -> Response:
        """Ends a build."""
        build = self._resources.find_build(job, number)
        self._controller.scheduler.abort(job, build.number, f"Aborted by {user}")
        return redirect(f"{api.job_url(self._resources.base(request), job)}{build.number}/")

    def delete_build(self, request: Request, user: str, job: str, number: str) -> Response:
        """Deletes a build that has ended."""
        build = self._resources.find_build(job, number)
        if build.result is None:
            raise Refused(HTTPStatus.BAD_REQUEST, f"{build.display_name} is still running")
        self._controller.store.delete_build(job, build.number)
        return redirect(api.job_url(self._resources.base(request), job))

    def cancel(self, request: Request, user: str) -> Response:
        """Takes a build out of the queue. The real one answers 204, whatever it found."""
        number = request.query.get("id", "")
        if number.isdecimal():
            self._controller.scheduler.cancel(int(number))
        return Response(HTTPStatus.NO_CONTENT)

    # Nodes and configuration

    def toggle_offline(self, request: Request, user: str, node: str) -> Response:
        """Takes a node offline, or back online; what runs there goes on."""
        agent = self._agent(node)
        agent.switch(request.query.get("offlineMessage", "") if agent.temporarily_offline is None else None)
        return redirect(api.node_url(self._resources.base(request), node))

    def disconnect(self, request: Request, user: str, node: str) -> Response:
        """Ends the connection to a node, and with it what runs there."""
        self._agent(node).disconnect(request.query.get("offlineMessage", ""))
        return redirect(api.node_url(self._resources.base(request), node))

    def launch(self, request: Request, user: str, node: str) -> Response:
        """Connects to a node that is away."""
        self._agent(node).launch()
        return redirect(f"{api.node_url(self._resources.base(request), node)}log")

    def quiet_down(self, request: Request, user: str) -> Response:
        """Lets no further build begin."""
        self._controller.quiet(down=True)
        return redirect(self._resources.base(request))

    def cancel_quiet_down(self, request: Request, user: str) -> Response:
        """Lets builds begin again."""
        self._controller.quiet(down=False)
        return redirect(self._resources.base(request))

    def safe_restart(self, request: Request, user: str) -> Response:
        """Starts anew when nothing builds any more."""
        self._controller.safe_restart()
        return redirect(self._resources.base(request))

    def reload(self, request: Request, user: str) -> Response:
        """Reads the configuration again. A fault ends in a page that says "Oops!"."""
        self._controller.reload()
        return redirect(f"{self._controller.settings.prefix}/configuration-as-code/")

    def check(self, request: Request, user: str) -> Response:
        """What is wrong with the YAML in the body, as far as the real one looks."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _YAML:
            return answer_json([]).of_type("application/json")
        fault = self._controller.check(request.body.decode(errors="replace"))
        faults = [] if fault is None else [{"line": -1, "message": fault}]
        return answer_json(faults, HTTPStatus.BAD_REQUEST if faults else HTTPStatus.OK).of_type("application/json")

    def token(self, request: Request, user: str) -> Response:
        """A new API token for who asks."""
        if user == ANONYMOUS:
            raise Refused(HTTPStatus.FORBIDDEN, AUTHENTICATION_REQUIRED)
        name = request.query.get("newTokenName") or "Token"
        data = {"tokenName": name, "tokenUuid": str(uuid.uuid4()), "tokenValue": self._controller.gate.new_token(user)}
        return answer_json({"status": "ok", "data": data})

    def _agent(self, node: str) -> Agent:
        agent = self._controller.agents.get(node)
        if agent is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"No node is named {node!r}")
        return agent

    def _submit(self, request: Request, user: str, job: str, parameters: dict[str, str]) -> Response:
        if self._controller.store.job(job).definition.disabled:
            raise Refused(HTTPStatus.CONFLICT, f"{job} is not buildable")
        item = self._controller.scheduler.submit(job, parameters, f"Started by user {user}")
        return redirect(f"{self._resources.base(request)}queue/item/{item.id}/", HTTPStatus.CREATED)


def _is_xml(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("text/xml", "application/xml")
