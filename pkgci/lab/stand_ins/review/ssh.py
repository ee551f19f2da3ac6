"""The SSH side: who may log in, Gerrit's commands, the event stream, and git over SSH."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from pathlib import Path

import asyncssh

from pkgci.lab.stand_ins.review import commands, hook
from pkgci.lab.stand_ins.review.model import RefusedError
from pkgci.lab.stand_ins.review.piping import run_for_client
from pkgci.lab.stand_ins.review.records import Json, as_json
from pkgci.lab.stand_ins.review.remarks import Pushed, report
from pkgci.lab.stand_ins.review.review import Review

log = logging.getLogger(__name__)

Process = asyncssh.SSHServerProcess[bytes]

HOOKS = Path(__file__).parent / "hooks"
COMMIT_MSG = Path(__file__).parent / "commit-msg"

_REFUSED = 1
_UNKNOWN = 127
# After so many seconds without an answer a client is gone: its event stream ends.
_KEEPALIVE = 30


class _Login(asyncssh.SSHServer):
    """Lets in the accounts of the settings, with their public keys and nothing else."""

    def __init__(self, review: Review) -> None:
        self._review = review
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn

    def begin_auth(self, username: str) -> bool:
        keys = self._review.settings.keys_of(username)
        if keys and self._connection:
            self._connection.set_authorized_keys(asyncssh.import_authorized_keys("\n".join(keys)))
        return True


class SshSide:
    """Serves ``review`` over SSH. ``hook_socket`` is where git's hook asks it."""

    def __init__(self, review: Review, hook_socket: Path) -> None:
        self._review = review
        self._socket = hook_socket

    async def start(self, port: int, host_key: Path) -> asyncssh.SSHAcceptor:
        """Listens on ``port`` (0: any that is free), and for the hook; returns what closes the port again."""
        self._socket.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._answer_hook, str(self._socket), limit=1 << 20)
        self._socket.chmod(0o600)
        self._hook_server = server
        return await asyncssh.listen(
            "",
            port,
            server_factory=lambda: _Login(self._review),
            server_host_keys=[str(host_key)],
            server_version="pkgci-review-stand-in",
            process_factory=self._serve,
            encoding=None,
            reuse_address=True,
            password_auth=False,
            kbdint_auth=False,
            allow_scp=False,
            agent_forwarding=False,
            keepalive_interval=_KEEPALIVE,
        )

    async def _serve(self, process: Process) -> None:
        username = str(process.get_extra_info("username"))
        command = process.command or ""
        log.info("%s: %s", username, command[:200].replace("\n", " "))
        try:
            status = await self._run(process, username, commands.split_words(command))
        except RefusedError as refusal:
            process.stderr.write(f"fatal: {refusal}\n".encode())
            status = _REFUSED
        except (ConnectionError, asyncssh.Error, asyncssh.BreakReceived, asyncssh.SignalReceived):
            status = _REFUSED
        except Exception:
            log.exception("%s: %s", username, command[:200])
            process.stderr.write(b"fatal: internal error of the stand-in; its journal has it\n")
            status = _REFUSED
        process.exit(status)

    async def _run(self, process: Process, username: str, words: list[str]) -> int:
        if not words:
            host = self._review.settings.host
            process.stdout.write(f"Hello {username}: this is pkgci's stand-in for Gerrit, not Gerrit.\n".encode())
            process.stdout.write(f"Clone with: git clone ssh://{username}@{host}:{self._port}/PROJECT\n".encode())
            return _UNKNOWN
        if words[:2] == ["gerrit", "stream-events"]:
            return await self._stream(process, username, words[2:])
        if words[0] == "gerrit":
            said = await asyncio.to_thread(commands.answer, self._review, username, words[1:])
            process.stdout.write(said.out.encode())
            process.stderr.write(said.err.encode())
            return said.status
        if words[0] in ("git-upload-pack", "git-receive-pack") and len(words) == 2:
            return await self._git(process, username, words[0], words[1])
        if words[0] == "scp" and "-f" in words and words[-1].strip("/") == "hooks/commit-msg":
            return await self._send_hook(process)
        raise RefusedError(f"Gerrit Code Review: {words[0]}: not found")

    @property
    def _port(self) -> int:
        return self._review.settings.port

    async def _stream(self, process: Process, username: str, words: list[str]) -> int:
        """Writes events as they happen, until the client goes; ``-s TYPE`` picks some. Only the CI account may."""
        if username != self._review.settings.ci_account:
            process.stderr.write(b"stream events not permitted\n")
            return _REFUSED
        kinds = {words[i + 1] for i, word in enumerate(words[:-1]) if word in ("-s", "--subscribe")}
        if len(words) != 2 * len(kinds):
            raise RefusedError(f'"{" ".join(words)}" is not valid: stream-events [-s TYPE]...')
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Json] = asyncio.Queue()

        def take(event: Json) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, event)

        stop = self._review.listen(take, username)
        gone = asyncio.ensure_future(process.wait_closed())
        try:
            while not gone.done():
                event = asyncio.ensure_future(queue.get())
                await asyncio.wait((gone, event), return_when=asyncio.FIRST_COMPLETED)
                if not event.done():
                    event.cancel()
                elif not kinds or event.result()["type"] in kinds:
                    process.stdout.write(as_json(event.result()).encode() + b"\n")
                    await process.stdout.drain()
        finally:
            gone.cancel()
            stop()
        return 0

    async def _git(self, process: Process, username: str, program: str, path: str) -> int:
        project = path.strip("/").removesuffix(".git")
        repository = self._review.repository(project)
        environment = {**os.environ, hook.SOCKET: str(self._socket), hook.USERNAME: username, hook.PROJECT: project}
        if protocol := process.env.get("GIT_PROTOCOL"):
            environment["GIT_PROTOCOL"] = str(protocol)
        settings = [
            # Every ref of a push is ours to judge; git itself moves none.
            ("receive.procReceiveRefs", "refs"),
            ("receive.advertisePushOptions", "true"),
            ("core.hooksPath", str(HOOKS)),
            ("receive.autoGc", "false"),
            *(("uploadpack.hideRefs", ref) for ref in self._review.hidden_refs(project, username)),
        ]
        words = [word for key, value in settings for word in ("-c", f"{key}={value}")]
        program_words = ("git", *words, program.removeprefix("git-"), str(repository.path))
        return await run_for_client(process, program_words, environment | {"PYTHON": sys.executable})

    async def _send_hook(self, process: Process) -> int:
        """Sends the commit-msg hook as scp's old protocol does: a header, the content, a zero, each one confirmed."""
        content = COMMIT_MSG.read_bytes()
        for part in (b"C0755 %d commit-msg\n" % len(content), content + b"\0"):
            await process.stdin.read(1)
            process.stdout.write(part)
        await process.stdin.read(1)
        return 0

    async def _answer_hook(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            told = await asyncio.to_thread(self._judged, json.loads(await reader.readline()))
            writer.write(json.dumps(told).encode() + b"\n")
            await writer.drain()
        except Exception:
            log.exception("a push could not be judged")
        finally:
            writer.close()

    def _judged(self, question: Json) -> Json:
        """What becomes of each ref of a push, and what the person is told."""
        commands_ = [tuple(command) for command in question["commands"]]
        try:
            done = self._review.push(question["username"], question["project"], commands_, question["options"])
        except Exception:
            log.exception("a push to %s could not be judged", question["project"])
            done = [Pushed(ref, "internal error of pkgci's stand-in for Gerrit") for _, _, ref in commands_]
        refs = [{"ref": item.ref, "refusal": item.refusal} for item in done]
        return {"refs": refs, "report": report(done, self._review.base)}
