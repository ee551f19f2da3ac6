"""The probe: one process that tries many connections at once and writes down what it finds.

This file is streamed to ``python3 -`` on a host. It needs what Debian's python3-minimal has (no asyncio) of Python 3.8
or newer, and imports nothing of pkgci. ``probe.pl`` speaks the same protocol where there is no Python. A plan is lines
of tab-separated fields:

    limit  SECONDS                                      how long a connection may take to open, and then to answer
    ca     CERTIFICATE                                  the site's CA, PEM in base64
    tcp    ID ADDRESS PORT TRIES DELAY KIND FQDN KEYS   KEYS: wanted SSH host key types, comma-separated, or empty
    dns    ID FQDN

The answer to each is ``ID OUTCOME key=value…``. ``from ADDRESS`` is how the host sees whoever logged in, and ``done N``
at the end says that nothing was lost. Every check is
a generator that yields what it waits for: a socket, an event and a time.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import selectors
import socket
import ssl
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

    T = TypeVar("T")
    Facts = dict[str, str]
    Wait = tuple[socket.socket | None, int, float]
    Steps = Generator[Wait, None, T]

# More sockets than this at once would meet the usual limit of 1,024 open files.
AT_ONCE = 400
RESOLVE_LIMIT = 4.0
SSH_PAUSE = 0.7
MAXIMUM_LINE = 8192


class LateError(Exception):
    """The time of a wait is over."""


def clean(value: object) -> str:
    """One field of an answer: printable, on one line, of bounded length."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())[:300]


def answer(identifier: str, outcome: str, facts: Facts) -> None:
    """Writes one line of the probe's output."""
    print("\t".join([identifier, outcome, *(f"{key}={clean(value)}" for key, value in facts.items())]))


class Stream:
    """A connected socket to read from and write to, step by step."""

    def __init__(self, sock: socket.socket, limit: float) -> None:
        self.sock = sock
        self.until = time.monotonic() + limit
        self.buffer = b""

    def handshake(self, context: ssl.SSLContext, fqdn: str) -> Steps[ssl.SSLSocket]:
        """TLS as ``fqdn``'s client."""
        tls = context.wrap_socket(self.sock, server_hostname=fqdn, do_handshake_on_connect=False)
        self.sock = tls
        while True:
            try:
                tls.do_handshake()
                return tls
            except ssl.SSLWantReadError:
                yield tls, selectors.EVENT_READ, self.until
            except ssl.SSLWantWriteError:
                yield tls, selectors.EVENT_WRITE, self.until

    def more(self) -> Steps[None]:
        """Reads what is there, waiting for it."""
        while True:
            try:
                data = self.sock.recv(4096)
                break
            except (BlockingIOError, ssl.SSLWantReadError):
                yield self.sock, selectors.EVENT_READ, self.until
            except ssl.SSLWantWriteError:
                yield self.sock, selectors.EVENT_WRITE, self.until
        if not data:
            raise EOFError("the connection was closed")
        self.buffer += data

    def line(self) -> Steps[str]:
        """The next line, without its end; what there is of it where the connection ends or the line does not."""
        while b"\n" not in self.buffer and len(self.buffer) < MAXIMUM_LINE:
            try:
                yield from self.more()
            except EOFError:
                break
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode("latin-1").rstrip("\r\n")

    def exactly(self, count: int) -> Steps[bytes]:
        """The next ``count`` bytes."""
        while len(self.buffer) < count:
            yield from self.more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def write(self, data: bytes) -> None:
        """Writes a few bytes: they fit into the socket's buffer."""
        self.sock.sendall(data)


def outcome_of(error: int) -> str:
    """The outcome that a failed connect stands for."""
    if error in (errno.ECONNREFUSED, errno.ECONNRESET):
        return "refused"
    if error in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM, errno.EADDRNOTAVAIL):
        return "unreachable"
    return "filtered" if error == errno.ETIMEDOUT else "failed"


def connect(address: str, port: int, limit: float, tries: int) -> Steps[tuple[str, socket.socket | None, str]]:
    """Outcome, open socket, what the system said. Several tries share ``limit`` and begin anew when one times out."""
    outcome, said = "failed", ""
    for _ in range(tries):
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            error = sock.connect_ex((address, port))
            if error == errno.EINPROGRESS:
                yield sock, selectors.EVENT_WRITE, time.monotonic() + limit / tries
                error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        except LateError:
            error = errno.ETIMEDOUT
        if error == 0:
            return "open", sock, ""
        sock.close()
        outcome, said = outcome_of(error), os.strerror(error)
        if outcome != "filtered":
            break
    return outcome, None, said


def ssh_string(data: bytes) -> bytes:
    """An SSH string (RFC 4251, section 5)."""
    return struct.pack(">I", len(data)) + data


def ssh_packet(payload: bytes) -> bytes:
    """An SSH packet before encryption (RFC 4253, section 6)."""
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


def ask_ssh(stream: Stream, keys: str) -> Steps[Facts]:
    """The banner and, where ``keys`` are wanted, the host key."""
    banner = ""
    for _ in range(20):
        banner = yield from stream.line()
        if banner.startswith("SSH-") or not banner:
            break
    if not banner.startswith("SSH-"):
        return {"problem": "no SSH banner" + (": " + banner if banner else "")}
    facts = {"banner": banner}
    if keys:
        try:
            facts["hostkey"] = yield from ask_host_key(stream, keys)
        except (OSError, ValueError, EOFError, struct.error, LateError) as error:
            facts["unchecked"] = f"host key ({clean(error) or type(error).__name__})"
    return facts


def ask_host_key(stream: Stream, keys: str) -> Steps[str]:
    """The fingerprint of the server's host key, which it sends in the clear during the key exchange (RFC 8731).

    As with ssh-keyscan the server's signature is not checked: this tells which key answers, not that nobody is
    in between. No key is derived and the connection ends here.
    """
    ciphers = b"aes128-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com"
    macs = b"hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com"
    exchanges = b"curve25519-sha256,curve25519-sha256@libssh.org"
    wanted = [b"rsa-sha2-512,rsa-sha2-256" if key == "ssh-rsa" else key.encode() for key in keys.split(",")]
    lists = [exchanges, b",".join(wanted), ciphers, ciphers, macs, macs, b"none", b"none", b"", b""]
    init = bytes([20]) + os.urandom(16) + b"".join(map(ssh_string, lists)) + bytes(5)
    # Any 32 bytes are a public key on Curve25519.
    stream.write(b"SSH-2.0-pkgci\r\n" + ssh_packet(init) + ssh_packet(bytes([30]) + ssh_string(os.urandom(32))))
    for _ in range(10):
        length, padding = struct.unpack(">IB", (yield from stream.exactly(5)))
        if not padding < length <= 65536:
            raise ValueError("no SSH packet")
        payload = (yield from stream.exactly(length - 1))[: length - 1 - padding]
        if payload[0] == 1:
            raise ValueError("the server ended the key exchange: " + payload[9:].decode("latin-1"))
        if payload[0] == 31:
            blob = payload[5 : 5 + struct.unpack(">I", payload[1:5])[0]]
            return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    raise ValueError("the server sent no host key")


def ask_http(stream: Stream, fqdn: str) -> Steps[Facts]:
    """The status of ``GET /``, and where it redirects to."""
    headers = ("GET / HTTP/1.1", f"Host: {fqdn}", "User-Agent: pkgci", "Accept: */*", "Connection: close")
    stream.write("".join(f"{line}\r\n" for line in (*headers, "")).encode())
    status = (yield from stream.line()).split()
    if len(status) < 2 or not status[0].startswith("HTTP/"):
        return {"problem": "no HTTP answer"}
    facts = {"status": status[1]}
    for _ in range(100):
        line = yield from stream.line()
        if not line:
            break
        name, _, value = line.partition(":")
        if name.strip().lower() == "location":
            facts["location"] = value
    return facts


def ask_https(stream: Stream, fqdn: str, context: ssl.SSLContext) -> Steps[Facts]:
    """The certificate, verified for ``fqdn``, then as over HTTP."""
    try:
        tls = yield from stream.handshake(context, fqdn)
    except ssl.SSLCertVerificationError as error:
        return {"problem": "certificate not valid: " + error.verify_message}
    except ssl.SSLError as error:
        return {"problem": "no TLS: " + str(error.reason or error)}
    facts = {"tls": str(tls.version())}
    expires = (tls.getpeercert() or {}).get("notAfter")
    if isinstance(expires, str):
        facts["expires"] = str(int(ssl.cert_time_to_seconds(expires)))
    facts.update((yield from ask_http(stream, fqdn)))
    return facts


def ask_gearman(stream: Stream) -> Steps[Facts]:
    """The answer to Gearman's admin commands: gearmand tells its version, gear's server knows ``status`` only."""
    stream.write(b"version\nstatus\n")
    said = yield from stream.line()
    if said.startswith("OK"):
        return {"version": said}
    functions = 0
    while said.count("\t") == 3:
        functions += 1
        said = yield from stream.line()
    if said == ".":
        return {"functions": str(functions)}
    return {"problem": "no Gearman: " + (said or "no answer")}


def ask(stream: Stream, kind: str, fqdn: str, keys: str, context: ssl.SSLContext) -> Steps[Facts]:
    """What answers on an open connection."""
    if kind == "ssh":
        return (yield from ask_ssh(stream, keys))
    if kind == "http":
        return (yield from ask_http(stream, fqdn))
    if kind == "https":
        return (yield from ask_https(stream, fqdn, context))
    return (yield from ask_gearman(stream)) if kind == "gearman" else {}


def try_port(fields: list[str], limit: float, context: ssl.SSLContext) -> Steps[None]:
    """The answer to one ``tcp`` line."""
    identifier, address, port, tries, delay, kind, fqdn, keys = fields
    if float(delay) > 0:
        yield None, 0, time.monotonic() + float(delay)
    for last in (False, True):
        begin = time.monotonic()
        outcome, sock, said = yield from connect(address, int(port), limit, int(tries))
        facts = {"ms": str(round((time.monotonic() - begin) * 1000))}
        if said:
            facts["said"] = said
        if sock is not None:
            facts.update((yield from answered(sock, limit, kind, fqdn, keys, context)))
        if last or kind != "ssh" or "problem" not in facts:
            return answer(identifier, outcome, facts)
        # sshd turns some away while many connections begin at once (sshd_config(5), MaxStartups).
        yield None, 0, time.monotonic() + SSH_PAUSE


def answered(
    sock: socket.socket, limit: float, kind: str, fqdn: str, keys: str, context: ssl.SSLContext
) -> Steps[Facts]:
    """What answers on the open connection ``sock``, or what went wrong there. Closes it."""
    stream = Stream(sock, limit)
    try:
        return (yield from ask(stream, kind, fqdn, keys, context))
    except LateError:
        return {"problem": f"connected, then no answer within {limit:g} s"}
    except (OSError, EOFError, ValueError) as error:
        return {"problem": f"connected, then: {error}"}
    finally:
        stream.sock.close()


def guarded(steps: Steps[None], identifier: str) -> Steps[None]:
    """``steps``, whose failure is an answer too and ends no other check."""
    try:
        yield from steps
    except Exception as error:
        answer(identifier, "failed", {"said": f"{type(error).__name__}: {error}"})


def run(tasks: list[Steps[None]]) -> None:
    """Takes all ``tasks`` to their ends, side by side."""
    selector = selectors.DefaultSelector()
    active: dict[Steps[None], Wait] = {}

    def go_on(task: Steps[None], late: bool = False) -> None:
        wait = active.pop(task, None)
        if wait is not None and wait[0] is not None:
            selector.unregister(wait[0])
        try:
            sock, event, until = task.throw(LateError()) if late else next(task)
        except StopIteration:
            return
        active[task] = (sock, event, until)
        if sock is not None:
            selector.register(sock, event, task)

    while tasks or active:
        while tasks and len(active) < AT_ONCE:
            go_on(tasks.pop())
        if not active:
            continue
        pause = max(0.0, min(until for _, _, until in active.values()) - time.monotonic())
        for key, _ in selector.select(pause):
            go_on(key.data)
        now = time.monotonic()
        for task, (sock, _, until) in list(active.items()):
            if until <= now and active.get(task, (None, 0, now + 1))[2] == until:
                go_on(task, late=sock is not None)


def resolve_all(lines: list[list[str]]) -> dict[str, tuple[str, Facts]]:
    """Begins all look-ups, each on a thread of its own. What is found fills the returned dictionary."""
    found: dict[str, tuple[str, Facts]] = {}
    queue = list(lines)

    def work() -> None:
        while queue:
            try:
                identifier, fqdn = queue.pop()
            except IndexError:
                return
            try:
                records = socket.getaddrinfo(fqdn, None, 0, socket.SOCK_STREAM)
                addresses = ",".join(sorted({str(record[4][0]) for record in records}))
                found[identifier] = ("resolved", {"addresses": addresses})
            except (OSError, UnicodeError) as error:
                found[identifier] = ("failed", {"said": str(getattr(error, "strerror", None) or error)})

    for _ in range(min(16, len(queue))):
        threading.Thread(target=work, daemon=True).start()
    return found


def main(plan: str) -> None:
    """Does everything that ``plan`` says. Ends the process without waiting for a resolver that never answers."""
    begin = time.monotonic()
    lines = [line.split("\t") for line in plan.splitlines()]
    names = [line[1:] for line in lines if line[0] == "dns"]
    ports = [line[1:] for line in lines if line[0] == "tcp"]
    found = resolve_all(names)
    print("from\t" + os.environ.get("SSH_CONNECTION", "").partition(" ")[0])
    limit, context = 3.0, ssl.create_default_context()
    # What newer Pythons and browsers refuse is refused from every host, whatever Python it has.
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    for line in lines:
        if line[0] == "limit":
            limit = float(line[1])
        elif line[0] == "ca":
            context.load_verify_locations(cadata=base64.b64decode(line[1]).decode())
    run([guarded(try_port(fields, limit, context), fields[0]) for fields in ports])
    while len(found) < len(names) and time.monotonic() < begin + RESOLVE_LIMIT:
        time.sleep(0.02)
    for identifier, _ in names:
        answer(identifier, *found.get(identifier, ("filtered", {"said": "no answer from the resolver"})))
    print(f"done\t{len(ports) + len(names)}")
    sys.stdout.flush()
    os._exit(0)
