"""The web application."""

from typing import Any

from zuul_py3.hook import mends
from zuul_py3.tools import Facade


@mends("zuul.webapp")
def answer_in_bytes(module: Any) -> None:
    """zuul/webapp.py:116: WebOb takes a body as bytes only."""
    webob = module.webob

    def response(body: Any = None, **settings: Any) -> Any:
        return webob.Response(body=body.encode("utf-8") if isinstance(body, str) else body, **settings)

    module.webob = Facade(webob, Response=response)
