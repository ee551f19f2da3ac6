"""A Gerrit for tests: the REST calls that pkgci makes, with the paths, statuses and words of the real one (3.11).

``old`` makes it one from before submit requirements. ``wrong`` may answer a request, by returning True.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.unit.review.fake_gerrit import PASSWORD, FakeGerrit, Project

# What a Gerrit shows without a login where anonymous users may read.
_PUBLIC = re.compile(r"/config/server/version|/projects/[^/]+(/config)?")


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    fake: FakeGerrit

    def do_GET(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def raw(self, status: int, body: str, kind: str = "text/plain", *headers: tuple[str, str]) -> bool:
        """An answer as it stands."""
        data = body.encode()
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(data))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        return True

    def _json(self, value: Any, status: int = 200) -> bool:
        return self.raw(status, ")]}'\n" + json.dumps(value), "application/json")

    def _not_found(self, name: str) -> bool:
        return self.raw(404, f"Not found: {name}\n")

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        with self.fake.lock:
            self.fake.requests.append(f"{self.command} {self.path}")
            if not self.fake.wrong(self):
                self._do(body)

    def _do(self, body: str) -> None:
        url = urlsplit(self.path)
        if url.path == "/config/server/info":
            kind = "DEVELOPMENT_BECOME_ANY_ACCOUNT" if self.fake.become_anybody else "LDAP"
            self._json({"auth": {"auth_type": kind}, "gerrit": {"all_projects": "All-Projects"}})
        elif url.path.startswith("/login/"):
            self._login(parse_qs(url.query).get("user_name", [""])[0])
        elif url.path == "/":
            self.raw(200, "<html></html>", "text/html", ("Set-Cookie", "XSRF_TOKEN=token-1; Path=/"))
        elif self._who() is None and url.path.startswith("/a/"):
            self.raw(401, "Unauthorized", "text/plain;charset=iso-8859-1")
        elif self._who() is None and not _PUBLIC.fullmatch(url.path):
            self.raw(403, "Authentication required\n")
        elif (
            self.command != "GET" and not url.path.startswith("/a/") and self.headers.get("X-Gerrit-Auth") != "token-1"
        ):
            self.raw(403, "Authentication required")
        else:
            path = url.path.removeprefix("/a") if url.path.startswith("/a/") else url.path
            words = [unquote(word) for word in path.strip("/").split("/")]
            self._rest(words, parse_qs(url.query), body)

    def _login(self, user: str) -> None:
        if self.fake.become_anybody and user in self.fake.accounts:
            self.raw(302, "", "text/html", ("Location", "/"), ("Set-Cookie", f"GerritAccount=session-{user}; Path=/"))
        else:
            self.raw(200, "<html><body><h1>Account Not Found</h1></body></html>", "text/html")

    def _who(self) -> str | None:
        if self.path.startswith("/a/"):
            kind, _, word = self.headers.get("Authorization", "").partition(" ")
            user, _, password = base64.b64decode(word).decode().partition(":")
            return user if kind == "Basic" and password == PASSWORD and user in self.fake.accounts else None
        for cookie in self.headers.get("Cookie", "").split("; "):
            if cookie.startswith("GerritAccount=session-"):
                return cookie.removeprefix("GerritAccount=session-")
        return None

    def _rest(self, words: list[str], query: dict[str, list[str]], body: str) -> bool:
        kind, *rest = words
        if kind == "accounts":
            return self._accounts(rest, body)
        if kind == "groups":
            return self._groups(rest, body)
        if kind == "projects":
            return self._projects(rest, body)
        if words == ["config", "server", "version"]:
            return self._json(self.fake.version)
        return self._not_found("/".join(words))

    def _accounts(self, words: list[str], body: str) -> bool:
        fake, (name, *rest) = self.fake, words
        if name == "self":
            name = self._who() or ""
        name = next((user for user, one in fake.accounts.items() if str(one["id"]) == name), name)
        if name not in fake.accounts:
            # No user name: it may be somebody's full name.
            name = next((user for user, one in fake.accounts.items() if one.get("name") == name), name)
            if name in fake.accounts and self.command == "PUT" and not rest:
                return self.raw(409, "account exists")
        account = fake.accounts.get(name)
        if account is None:
            if self.command == "PUT" and not rest:
                fake.accounts[name] = {
                    "id": 1000000 + len(fake.accounts),
                    "keys": [],
                    "active": True,
                    **json.loads(body),
                }
                return self._json({"_account_id": fake.accounts[name]["id"]}, 201)
            return self.raw(404, f"Account '{name}' not found\n")
        if not account["active"]:
            return self.raw(404, f"Account '{name}' only matches inactive accounts. To use an inactive account, …")
        if rest == ["detail"]:
            return self._json({"_account_id": account["id"], "username": name})
        if rest == ["sshkeys"] and self.command == "POST":
            account["keys"].append(body)
            return self._json({"seq": len(account["keys"])}, 201)
        if rest == ["sshkeys"]:
            return self._json([{"ssh_public_key": key, "valid": True} for key in account["keys"]])
        if rest == ["groups"]:
            names = {uuid: group for group, uuid in fake.groups.items()}
            return self._json(
                [{"id": quote(uuid, safe=""), "name": names.get(uuid, uuid)} for uuid in fake.groups_of(name)]
            )
        if rest == ["capabilities"]:
            return self._json({one: True for one in ("streamEvents", "administrateServer") if fake.has(name, one)})
        return self._not_found(name)

    def _groups(self, words: list[str], body: str) -> bool:
        fake, (name, *rest) = self.fake, words
        if name not in fake.groups:
            if self.command != "PUT" or rest:
                return self._not_found(name)
            fake.groups[name] = f"uuid-of-{name}"
            fake.members[name] = {self._who() or ""} - {"admin"}
            fake.owners[name] = json.loads(body).get("owner_id", fake.groups[name])
            return self._json({"id": fake.groups[name], "name": name}, 201)
        if rest[:1] == ["members"]:
            if not fake.accounts.get(rest[1], {}).get("active"):
                return self._not_found(rest[1])
            fake.members[name].add(rest[1])
            return self._json({}, 201)
        return self._json({"id": fake.groups[name], "name": name})

    def _projects(self, words: list[str], body: str) -> bool:
        fake, (name, *rest) = self.fake, words
        project = fake.projects.get(name)
        if project is None:
            if self.command != "PUT" or rest:
                return self._not_found(name)
            fake.project(name, *json.loads(body).get("branches", ["refs/heads/master"]))
            return self._json({"name": name}, 201)
        if not rest and self.command == "PUT":
            return self.raw(409, "Project already exists")
        if not rest:
            labels = {**fake.projects["All-Projects"].labels, **project.labels}
            values = {one: {"values": found["values"], "default_value": 0} for one, found in labels.items()}
            return self._json({"name": name, "labels": values})
        what, *rest = rest
        if what == "access":
            return self._access(name, project, json.loads(body) if body else None)
        if what == "labels":
            return self._defined(name, project.labels, rest, body)
        if what == "submit_requirements" and not fake.old:
            return self._defined(name, project.requirements, rest, body)
        if what == "config":
            return self._json(
                {"submit_type": project.submit_type, "default_submit_type": {"value": project.submit_type}}
            )
        if what == "branches" and rest and self.command == "PUT":
            if not project.branches:
                return self.raw(422, 'invalid revision "HEAD"')
            project.branches.append(f"refs/heads/{rest[0]}")
            return self._json({"ref": rest[0]}, 201)
        if what == "branches":
            return self._json([{"ref": ref} for ref in ("HEAD", "refs/meta/config", *project.branches)])
        return self._not_found("/".join((what, *rest)))

    def _defined(self, name: str, found: dict[str, dict[str, Any]], words: list[str], body: str) -> bool:
        if not words:
            return self._json(list(found.values()))
        if self.command == "PUT":
            there = found.get(words[0])
            given = json.loads(body)
            if "values" in given:
                given["values"] = {(key if key != "0" else " 0"): text for key, text in given["values"].items()}
                given.pop("commit_message", None)
                given.setdefault("function", (there or {"function": "MaxWithBlock"})["function"])
                given |= {"name": words[0], "can_override": True, "project_name": name}
            found[words[0]] = given
            return self._json(given, 200 if there else 201)
        return self._json(found[words[0]]) if words[0] in found else self._not_found(words[0])

    def _access(self, name: str, project: Project, change: dict[str, Any] | None) -> bool:
        if change is not None:
            for ref, section in (change.get("remove") or {}).items():
                for permission, given in section["permissions"].items():
                    rules = (
                        project.access.get(ref, {"permissions": {}})["permissions"].get(permission, {}).get("rules", {})
                    )
                    for group in given["rules"]:
                        rules.pop(self._uuid(group), None)
            for ref, section in (change.get("add") or {}).items():
                for permission, given in section["permissions"].items():
                    there = project.access.setdefault(ref, {"permissions": {}})["permissions"]
                    found = there.setdefault(permission, {**given, "rules": {}})
                    for group, rule in given["rules"].items():
                        uuid = self._uuid(group)
                        if uuid is None:
                            return self.raw(422, f"{group} is not a valid group ID")
                        # The real one has both rules of a group then: never what is meant.
                        if uuid in found["rules"]:
                            return self.raw(409, f"two rules for {group} in {permission}")
                        found["rules"][uuid] = rule
        parent = {} if project.parent is None else {"inherits_from": {"name": project.parent}}
        return self._json({"revision": "1", "local": deepcopy(project.access), **parent})

    def _uuid(self, group: str) -> str | None:
        """A group by its UUID or its name."""
        if group.startswith("global:") or group in self.fake.groups.values():
            return group
        return self.fake.groups.get(group)


@contextmanager
def serving(fake: FakeGerrit) -> Iterator[FakeGerrit]:
    """Serves ``fake`` on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"fake": fake}))
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
