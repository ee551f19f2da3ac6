"""``pkgci deploy-jobs``: the Jenkins jobs, planned against the live Jenkins and deployed exactly as planned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pkgci.cli.agree import agree
from pkgci.cli.failure import Stopped
from pkgci.cli.invocation import invocation, next_command
from pkgci.cli.options import deploying_options, one_host_options, site_option
from pkgci.cli.say import say
from pkgci.errors import ExitStatus, PkgciError, UsageError
from pkgci.model.plural import counted, noun

if TYPE_CHECKING:
    from pkgci.jobs.plan import Change
    from pkgci.jobs.server import JenkinsServer
    from pkgci.model.site import Site


@click.command(
    epilog="Examples: pkgci deploy-jobs --plan, pkgci deploy-jobs --only '*-build-*', "
    "pkgci deploy-jobs --delete-retired --yes"
)
@site_option
@click.option("--delete-retired", is_flag=True, help="Also delete pkgci's jobs that the site no longer has.")
@click.option("--only", default="*", metavar="GLOB", help="Only the jobs with such names, as in '*-build-*'.")
@deploying_options
@one_host_options
def command(
    site_file: Path,
    only_plan: bool,
    delete_retired: bool,
    only: str,
    yes: bool,
    accept_new_host_keys: bool,
    as_json: bool,
) -> int:
    """Compare the site's jobs with those in Jenkins, show what differs, and do just that.

    Only what differs is written. Jobs that pkgci did not create are never touched. Jobs that the site no longer has are
    listed, and deleted with --delete-retired only, which asks first. Where a host does not know yet what its jobs are
    about, nothing is written: `pkgci bootstrap` comes first. At the end Gearman must know a function for every
    job, without which Zuul could not start it. A long list is summed up; -v shows all of it.
    """
    from pkgci.cli import deploy_jobs_show as show
    from pkgci.cli.changes import tell_changes
    from pkgci.cli.knowledge import ask_hosts, refuse, show_lacking
    from pkgci.jobs.deploy import plan_for
    from pkgci.jobs.plan import Action
    from pkgci.jobs.render import render_jobs
    from pkgci.jobs.server import open_server
    from pkgci.model.load import load_site
    from pkgci.model.steps import all_jobs
    from pkgci.secrets.store import SecretStore

    site = load_site(site_file)
    jobs = render_jobs(site)
    with (
        show.progress() as progress,
        open_server(site, SecretStore.open(site.directory / "secrets"), progress.say) as server,
    ):
        progress.say("reading Jenkins' jobs")
        plan = plan_for(site.name, jobs, server, only, progress.read)
        progress.stop()
        to_do = plan.to_do(delete_retired=delete_retired)
        if not (plan.changes or plan.unchanged or plan.foreign) and only != "*":
            raise UsageError(f"no job of {site.path}, and none that pkgci made in Jenkins, matches '{only}'")
        if not as_json:
            show.show_plan(
                plan, all_jobs(site), delete_retired=delete_retired, whole=only_plan, long=invocation().verbose > 0
            )
        # A plan without anything to do needs nobody but Jenkins.
        asked = () if plan.foreign or (only_plan and not to_do) else _projects(site, only)
        lacking = ask_hosts(site, accept_new_host_keys, asked)
        if plan.foreign:
            raise ForeignJobsError(plan.foreign, show.plan_data(site, plan))
        if as_json and only_plan:
            show.print_plan(site, plan, lacking)
        if only_plan:
            show_lacking(lacking)
            return ExitStatus.NOT_AS_DECLARED if to_do else ExitStatus.AS_DECLARED
        refuse(lacking)
        deletes = any(change.action is Action.RETIRED for change in to_do)
        if deletes:
            agree(show.question(plan), yes=yes, as_json=as_json)
        done: list[Change] = []
        try:
            _carry_out(to_do, done, server)
            missing = _missing_functions(site, only, server, accept_new_host_keys)
        except KeyboardInterrupt as end:
            raise Stopped(show.progress_of(done, to_do), end) from None
    tell_changes(counted(len(done), "job"))
    if as_json:
        show.print_result(site, plan, done, missing)
    else:
        show.show_missing(missing, next_command())
    return ExitStatus.NOT_AS_DECLARED if missing else ExitStatus.AS_DECLARED


def _projects(site: Site, only: str) -> tuple[str, ...]:
    """The projects whose jobs have such names."""
    from fnmatch import fnmatchcase

    from pkgci.model.steps import all_jobs

    return tuple(dict.fromkeys(job.project for job in all_jobs(site) if fnmatchcase(job.name, only)))


class ForeignJobsError(PkgciError):
    """Jobs that pkgci did not create have the names of the site's own. ``plan`` is what was planned, for machines."""

    def __init__(self, names: tuple[str, ...], plan: dict[str, object]) -> None:
        super().__init__(
            f"pkgci did not create what has the name of the site's own in Jenkins: {', '.join(names)}",
            f"nothing was done; rename or delete {noun(len(names), 'it', 'them')} in Jenkins, or rename the project",
            "Jenkins",
        )
        self._plan = plan

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), **self._plan}


def _carry_out(to_do: tuple[Change, ...], done: list[Change], server: JenkinsServer) -> None:
    """Does ``to_do``; puts into ``done`` what is done."""
    from pkgci.cli.deploy_jobs_show import progress, progress_of
    from pkgci.jobs.deploy import carry_out

    try:
        with progress() as shown:

            def step(change: Change) -> None:
                done.append(change)
                shown.write(len(done), len(to_do))

            carry_out(to_do, server, step)
    except PkgciError:
        say(f"pkgci: {progress_of(done, to_do)}", err=True)
        raise
    if done:
        say(progress_of(done, to_do), err=True)


def _missing_functions(site: Site, only: str, server: JenkinsServer, accept_new_host_keys: bool) -> dict[str, str]:
    """The functions that Zuul needs and Gearman does not have, and why: after a moment's patience."""
    from fnmatch import fnmatchcase

    from pkgci.cli.connect import site_trust
    from pkgci.cli.deploy_jobs_show import progress
    from pkgci.jobs.gearman import likely_reason, needed_functions, registered_functions, wait_for
    from pkgci.model.roles import Role
    from pkgci.model.steps import all_jobs
    from pkgci.remote.session import open_session

    needed = needed_functions(job for job in all_jobs(site) if fnmatchcase(job.name, only))
    if not needed:
        return {}
    trust = site_trust(site, accept_new_host_keys)
    with open_session(site, site.with_role(Role.ZUUL)[0], trust) as session, progress() as shown:
        shown.say("waiting until every job's function is registered in Gearman")
        missing, functions = wait_for(needed, lambda: registered_functions(session))
    if not missing:
        return {}
    nodes = server.nodes()
    buildable = {job.name: job.buildable for job in server.jobs()}
    return {name: likely_reason(needed[name], site, functions, nodes, buildable) for name in missing}
