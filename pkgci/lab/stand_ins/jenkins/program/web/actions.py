"""What changes something: jobs, views, builds, nodes, the configuration."""

from __future__ import annotations

from http import HTTPStatus

from ..controller import Controller
from . import api
from .messages import Refused, Request, Response, answer_json, answer_text, redirect
from .resources import Resources

_XML = "application/xml;charset=utf-8"


class Actions:
    """One method for each address that is POSTed to, and the config.xml of jobs and views."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._resources = Resources(controller)

    # Jobs

    def config(self, request: Request, user: str, job: str) -> Response:
        """A job's config.xml, byte for byte as it was posted."""
        return Response(body=self._controller.store.job(job).config, content_type=_XML)

    def create(self, request: Request, user: str) -> Response:
        """Makes a job of the config.xml in the body."""
        if request.query.get("mode") == "copy":
            config = self._controller.store.job(request.query.get("from", "")).config
        elif _is_xml(request):
            config = request.body
        else:
            raise Refused(HTTPStatus.BAD_REQUEST, "a job is made of a config.xml, sent as XML")
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
        """Takes a node offline, or back online."""
        agent = self._controller.agents.get(node)
        if agent is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"No node is named {node!r}")
        message = request.query.get("offlineMessage") or f"Disconnected by {user}"
        agent.switch(message if agent.temporarily_offline is None else None)
        return redirect(api.node_url(self._resources.base(request), node))

    def reload(self, request: Request, user: str) -> Response:
        """Reads the configuration again."""
        self._controller.reload()
        return redirect(f"{self._resources.base(request)}configuration-as-code/")

    def check(self, request: Request, user: str) -> Response:
        """What is wrong with the YAML in the body."""
        faults = self._controller.check(request.body.decode(errors="replace"))
        return answer_json([{"line": -1, "message": fault} for fault in faults])

    def _submit(self, request: Request, user: str, job: str, parameters: dict[str, str]) -> Response:
        if self._controller.store.job(job).definition.disabled:
            raise Refused(HTTPStatus.CONFLICT, f"{job} is not buildable")
        item = self._controller.scheduler.submit(job, parameters, f"Started by user {user}")
        return redirect(f"{self._resources.base(request)}queue/item/{item.id}/", HTTPStatus.CREATED)


def _is_xml(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("text/xml", "application/xml")
