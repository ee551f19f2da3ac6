"""Zuul's own tests are written for Python 2.7, too. Here they are mended as Zuul is; nothing they expect is touched.

Runs in the suite's virtual environment, beside upstream's package ``tests``.
"""

import re
import types

from zuul_py3.hook import mends
from zuul_py3.tools import Facade, safe_yaml, text


@mends("tests.base")
def give_text_to_the_fakes(module):
    """tests/base.py: the fake worker speaks gear's text, the fake server knows job names as text."""
    import gear

    module.FakeWorker.__bases__ = (gear.TextWorker,)

    def get_job(self, connection, peek=False):
        for queue in (self.high_queue, self.normal_queue, self.low_queue):
            for job in queue:
                if not hasattr(job, "waiting"):
                    job.waiting = self.hold_jobs_in_queue and text(job.name).startswith("build:")
                if job.waiting or job.name not in connection.functions:
                    continue
                if not peek:
                    queue.remove(job)
                    connection.related_jobs[job.handle] = job
                    job.worker_connection = connection
                    self.waiting_jobs -= 1
                    self.running_jobs += 1
                job.running = True
                return job
        return None

    def release(self, regex=None):
        jobs = [job for job in self.getQueue() if re.match(f"build:{regex or ''}", text(job.name))]
        for job in jobs:
            job.waiting = False
        if jobs:
            self.wakeConnections()

    class TextJob:
        """A job of the server's, with its name as text."""

        def __init__(self, job):
            self.__dict__["job"] = job

        @property
        def name(self):
            return text(self.job.name)

        def __getattr__(self, key):
            return getattr(self.job, key)

        def __setattr__(self, key, value):
            setattr(self.job, key, value)

    def get_queue(self):
        return [TextJob(job) for job in gear.Server.getQueue(self)]

    module.FakeGearmanServer.getQueue = get_queue
    module.FakeGearmanServer.getJobForConnection = get_job
    module.FakeGearmanServer.release = release


@mends("tests.test_zuultrigger")
def leave_out_what_is_said_and_asked_beside(module):
    """tests/test_zuultrigger.py:108 and 141 expect upstream's message, and its second question, and none between."""
    import zuul_py3.reporting

    import tests.base

    zuul_py3.reporting.with_conflict = lambda message, item: message
    gerrit = tests.base.FakeGerritConnection
    search = gerrit.simpleQuery
    gerrit.simpleQuery = lambda self, query: [] if " message:depends " in query else search(self, query)


@mends("zuul.connection.smtp")
def send_mail_at_once(module):
    """tests/test_scheduler.py looks for mail as soon as all is settled; the fake server knows no time-out."""
    import smtplib

    module.smtplib = smtplib
    module.SMTPConnection.sendMail = module.SMTPConnection.sendMailNow


@mends("tests.base")
def look_jobs_up_by_text(module):
    """tests/base.py, areAllBuildsWaiting: the server knows the ids of jobs as bytes, the worker as text."""

    class Jobs(dict):
        def get(self, unique, default=None):
            return dict.get(self, text(unique), default)

    module.FakeWorker.gearman_jobs = property(
        lambda self: self.__dict__["gearman_jobs"],
        lambda self, value: self.__dict__.update(gearman_jobs=Jobs(value)),
    )


@mends("tests.base")
def write_bytes_where_python_3_wants_them(module):
    """tests/base.py: hashes of text, a pipe, and the packets that the fake statsd gets."""
    import gear

    hashlib, os = module.hashlib, module.os
    module.hashlib = Facade(hashlib, sha1=lambda value: hashlib.sha1(value.encode()))
    module.os = Facade(os, write=lambda pipe, value: os.write(pipe, value.encode()))
    module.filter = lambda function, values: [value for value in values if function(value)]

    def stats(self):
        return self.__dict__["stats"]

    def set_stats(self, value):
        self.__dict__["stats"] = gear.TextList(value)

    module.FakeStatsd.stats = property(stats, set_stats)


@mends("tests.base")
def report_to_the_fake_gerrit(module):
    """tests/base.py, FakeGerritConnection: reports take the fake's own methods; it keeps the votes that it was given.

    Where a test waits until all is settled, reports have been delivered, and the scheduler knows.
    """
    import copy

    class Line:
        def __init__(self, gerrit):
            self._gerrit = gerrit
            self._votes = {}
            self.user = gerrit.user
            gerrit.reporting = self

        def look(self, number):
            record = copy.deepcopy(self._gerrit.changes[int(number)].data)
            votes = {vote["type"]: vote for vote in self._votes.get(number, ())}
            record["currentPatchSet"]["approvals"] += list(votes.values())
            return record

        def review(self, project, change, message, action):
            self._gerrit.review(project, change, message, action)
            by = {"username": self.user}
            self._votes.setdefault(change.split(",")[0], []).extend(
                {"type": label, "description": label, "value": str(amount), "by": by, "grantedOn": 0}
                for label, amount in action.items()
                if amount is not True
            )

    module.FakeGerritConnection.reportingLine = lambda self: Line(self)
    waiting = module.ZuulTestCase.areAllBuildsWaiting

    def all_waiting_and_reported(self):
        outboxes = [getattr(connection, "_outbox", None) for connection in self.connections.values()]
        if any(outbox.pending() for outbox in outboxes if outbox is not None):
            return False
        items = [item for pipeline in self.sched.layout.pipelines.values() for item in pipeline.getAllItems()]
        return waiting(self) and not any(getattr(item, "reports", ()) for item in items)

    module.ZuulTestCase.areAllBuildsWaiting = all_waiting_and_reported


@mends("tests.base")
def release_the_locks_of_configurations(module):
    """tests/base.py, init_repo: three writers of one file in a row, each of which keeps its lock."""
    git = module.git

    class Writer:
        """Writes each value at once, and lets go of the file."""

        def __init__(self, repository):
            self._repository = repository

        def set_value(self, *arguments):
            with git.Repo.config_writer(self._repository) as writer:
                writer.set_value(*arguments)

        def write(self):
            pass

    init = module.ZuulTestCase.init_repo

    class Repo(git.Repo):
        def config_writer(self, *arguments):
            return Writer(self)

    def init_repo(self, project):
        module.git = Facade(git, Repo=types.SimpleNamespace(init=Repo.init))
        try:
            init(self, project)
        finally:
            module.git = git

    module.ZuulTestCase.init_repo = init_repo


@mends("tests.test_layoutvalidator", "tests.test_scheduler")
def load_yaml(module):
    """yaml.load(file) without a Loader."""
    module.yaml = safe_yaml()


@mends("tests.base")
def compare_under_the_old_name(module):
    """assertEquals(…, message=…): its name is gone since Python 3.12, testtools' own keyword since longer."""

    def assert_equals(self, expected, observed, message="", msg=""):
        self.assertEqual(expected, observed, message or msg)

    module.BaseTestCase.assertEquals = assert_equals


@mends("tests.base")
def keep_results_in_sqlite(module):
    """tests/base.py, MySQLSchemaFixture: no database server is needed to see that results are written."""
    fixtures = module.fixtures

    class Database(fixtures.Fixture):
        def setUp(self):
            super().setUp()
            folder = self.useFixture(fixtures.TempDir()).path
            self.dburi = f"sqlite:///{folder}/results"

    module.MySQLSchemaFixture = Database


@mends("tests.test_connection")
def read_results_as_sqlalchemy_gives_them(module):
    """tests/test_connection.py: select([…]), rows by name, and the inspector, as they were before SQLAlchemy 2."""
    sa = module.sa
    by_position = sa.engine.Row.__getitem__

    def by_name(row, key):
        return row._mapping[key] if isinstance(key, str) else by_position(row, key)

    sa.engine.Row.__getitem__ = by_name
    module.sa = Facade(
        sa,
        sql=Facade(sa.sql, select=lambda columns: sa.select(*columns)),
        engine=types.SimpleNamespace(reflection=types.SimpleNamespace(Inspector=sa.inspect)),
    )


@mends("tests.base")
def know_clients_by_text(module):
    """tests/base.py, resetGearmanServer: the server knows the names of its clients as bytes."""

    def reset(self):
        self.worker.setFunctions([])
        stay = ("Zuul RPC Listener", "Zuul Merger")
        connections = self.gearman_server.active_connections
        while any(one.functions and text(one.client_id) not in stay for one in connections):
            module.time.sleep(0.01)
        self.gearman_server.functions = set()
        self.rpc.register()
        self.merge_server.register()

    module.ZuulTestCase.resetGearmanServer = reset
