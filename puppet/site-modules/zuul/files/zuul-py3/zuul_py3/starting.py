"""The programs: reading zuul.conf, the command line of ``zuul``, and a start that fails."""

import os
import traceback
from typing import Any

from zuul_py3.hook import mends
from zuul_py3.tools import Facade, SnapshotDict


@mends("zuul.cmd")
def read_settings_as_python_2_does(module: Any) -> None:
    """zuul/cmd/__init__.py:71 uses ConfigParser as it was: " ;" starts a comment, and a key may stand twice."""
    base = module.ConfigParser

    def parser(*args: Any, **settings: Any) -> Any:
        return base.ConfigParser(*args, strict=False, inline_comment_prefixes=(";",), **settings)

    module.ConfigParser = Facade(base, ConfigParser=parser)


@mends("zuul.cmd.client")
def list_columns(module: Any) -> None:
    """zuul/cmd/client.py:95 appends to dict.keys(), for every command."""
    columns = module.Client._show_running_jobs_columns

    def show_columns(self: Any) -> Any:
        return SnapshotDict(columns(self))

    module.Client._show_running_jobs_columns = show_columns


@mends("zuul.cmd.server")
def end_when_the_start_fails(module: Any) -> None:
    """zuul/cmd/server.py:199: where the layout cannot be loaded, the main thread ends, and the process stays.

    Its other threads keep it alive: it answers nobody, and its watchers think that it runs. (Not about Python 3.)
    """
    main = module.Server.main

    def main_or_exit(self: Any) -> None:
        try:
            main(self)
        except Exception:
            traceback.print_exc()
            self.stop_gear_server()
            os._exit(1)

    module.Server.main = main_or_exit
