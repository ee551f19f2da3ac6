"""Not about Python 3: a connection to the Gearman server that is none is found out at once, not after five minutes.

geard lets one connection wait to be accepted (gear/__init__.py:2839). Where many come at once, as after its restart,
the kernel answers some with a SYN cookie. Where the last step of such a handshake is dropped, only the client believes
that there is a connection. gear's client says nothing before it has work; then it asks, and waits for 300 s in the
scheduler's own thread (zuul/launcher/gearman.py:212 and 385, zuul/merger/client.py:93).
"""

from typing import Any

from zuul_py3.hook import mends


@mends("gear")
def speak_first(module: Any) -> None:
    """gear/__init__.py:1430: a client that has connected says nothing.

    Words complete the handshake, or are answered with a reset, after which gear connects again.
    """
    on_connect = module.Client._onConnect

    def introduce(self: Any, conn: Any) -> None:
        name = module.Packet(module.constants.REQ, module.constants.SET_CLIENT_ID, self.client_id)
        conn.sendPacket(name)
        on_connect(self, conn)

    module.Client._onConnect = introduce


@mends("gear")
def tell_who_waits(module: Any) -> None:
    """gear/__init__.py:197 forgets with a lost connection what was asked on it, and not who waits for the answer."""
    cls = module.Connection
    init, send_admin_request = cls._init, cls.sendAdminRequest

    def forget_and_tell(self: Any) -> None:
        tasks = list(getattr(self, "pending_tasks", ()))
        requests = list(self.__dict__.setdefault("_unanswered", set()))
        init(self)
        for waiting in (*tasks, *requests):
            waiting.setComplete()

    def ask(self: Any, request: Any, timeout: float = 90) -> None:
        # gear's own list lacks a request of whose answer a part has come.
        self._unanswered.add(request)
        try:
            send_admin_request(self, request, timeout)
        finally:
            self._unanswered.discard(request)
        if request.response is None:
            raise module.ConnectionError(f"{self} was lost before it answered {request}")

    cls._init = forget_and_tell
    cls.sendAdminRequest = ask
