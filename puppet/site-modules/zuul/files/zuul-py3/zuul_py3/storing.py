"""The SQL reporter."""

import types
from typing import Any

from zuul_py3.hook import mends
from zuul_py3.tools import Facade


@mends("zuul.connection.sql")
def load_alembic(module: Any) -> None:
    """zuul/connection/sql.py:58: `import alembic` no longer brings alembic.command and alembic.migration."""
    import alembic.command
    import alembic.migration

    assert alembic.command and alembic.migration  # noqa: S101 - both are used by Zuul, through alembic


@mends("zuul.connection.sql")
def take_rows_for_ids(module: Any) -> None:
    """zuul/reporter/sql.py:74 passes inserted_primary_key, which is a row of one value now."""
    sa = module.sa

    class BuildsetId(sa.types.TypeDecorator):  # type: ignore[misc,name-defined]  # Zuul's own SQLAlchemy
        impl = sa.Integer
        cache_ok = True

        def process_bind_param(self, value: Any, dialect: Any) -> Any:
            return value if value is None or isinstance(value, int) else value[0]

    set_up = module.SQLConnection._setup_tables

    def set_up_tables(self: Any) -> None:
        set_up(self)
        self.zuul_build_table.c.buildset_id.type = BuildsetId()

    module.SQLConnection._setup_tables = set_up_tables


@mends("zuul.reporter.sql")
def report_builds_that_never_ran(module: Any) -> None:
    """zuul/reporter/sql.py:78: a job that was skipped has no times. (Not about Python 3.)"""
    datetime = module.datetime

    def from_timestamp(seconds: float | None) -> Any:
        return None if seconds is None else datetime.datetime.fromtimestamp(seconds)

    module.datetime = Facade(datetime, datetime=types.SimpleNamespace(fromtimestamp=from_timestamp))
