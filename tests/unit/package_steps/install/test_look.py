"""What an installed package must be like."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from pkgci_steps.install import look
from pkgci_steps.install.root import Root, Said
from pkgci_steps.status import Status

UNIT = "/usr/lib/systemd/system/greetd.service"


class Installed:
    """A root with one package."""

    def __init__(self, paths: str, missing: str = "", verified: str = "", units: Said | None = None) -> None:
        self._paths, self._missing, self._verified = paths, missing, verified
        self._units = units or Said(0, "")
        self.checked: list[str] = []
        self.answers: dict[str, str] = {}
        self.step = SimpleNamespace(details={}, log=SimpleNamespace(say=lambda _: None))

    def ask(self, *command: str) -> str:
        if command[:2] == ("sh", "-c") and "cat" in command[2]:
            return self.answers.get("cat", "")
        if command[:2] == ("sh", "-c"):
            paths = self._paths.splitlines()
            lines = [f"{'-' if path in self._missing.splitlines() else '+'}{path}" for path in paths]
            return "\n".join([*lines, *(f"!{line}" for line in self._verified.splitlines())])
        known = self.answers.get(command[0] if command[0] != "dpkg-query" else command[1])
        return self._paths if known is None else known

    def run(self, *command: str) -> Said:
        if command[:2] == ("dpkg-query", "--search"):
            return Said(1, self.answers.get("--search", ""))
        return Said(0, self._verified)

    def check_units(self, names: Sequence[str]) -> Said:
        self.checked += names
        return self._units


def messages(root: Installed, kind: str = "deb") -> dict[str, str]:
    cases = (look.deb if kind == "deb" else look.rpm)(cast(Root, root), "greet", "")
    return {case.name: case.message for case in cases if case.status is Status.FAILED}


def test_a_package_as_it_declares_itself_is_well() -> None:
    root = Installed(f"/usr/bin/greet\n{UNIT}\n")
    assert messages(root) == {}
    assert root.checked == ["greetd.service"]


def test_a_file_that_is_missing_or_another_is_named() -> None:
    assert messages(Installed("/a\n", missing="/a\n")) == {"greet: files": "/a is not there"}
    changed = messages(Installed("/a\n", verified="??5?????? c /etc/greet.conf\n"))
    assert changed == {"greet: files": "not as packaged: ??5?????? c /etc/greet.conf"}


def test_a_unit_that_systemd_does_not_take_is_a_failure() -> None:
    said = Said(1, "greetd.service: Command /usr/bin/nowhere is not executable: No such file or directory\n")
    assert messages(Installed(f"{UNIT}\n", units=said)) == {"greet: services": said.text.strip()}


def test_rpm_forgives_times_and_what_a_package_does_not_own_the_content_of() -> None:
    fine = ".......T.    /usr/bin/greet\nmissing   g /var/log/greet.log\nS.5......  g /var/lib/greet/state\n"
    assert messages(Installed("", verified=fine), "rpm") == {}
    bad = "S.5....T.    /usr/bin/greet\nmissing     /usr/bin/gone\n"
    assert messages(Installed("", verified=bad), "rpm") == {"greet: files": "/usr/bin/gone is not there (and 1 more)"}


PROCPS = """procps no important
libc6 no optional
coreutils yes required
greet no optional
"""


def warnings(needs: str) -> list[str]:
    root = Installed(f"/usr/sbin/greetd\n{UNIT}\n")
    root.answers = {
        "cat": "ExecStart=-/usr/sbin/greetd --now\nExecReload=/bin/kill -HUP $MAINPID\nExecStop=+/bin/true\n",
        "--search": "coreutils: /usr/bin/true\nprocps: /usr/bin/kill\ngreet: /usr/sbin/greetd\nno path /bin/kill\n",
        "--show": PROCPS,
        "apt-cache": needs,
    }
    assert messages(root) == {}
    return cast(list[str], root.step.details.get("warnings", []))


def test_what_only_a_smaller_system_lacks_is_a_warning_and_no_failure() -> None:
    said = "greet starts /usr/bin/kill, and does not depend on procps: a smaller system may lack it"
    assert warnings("greet\n  Depends: libc6\nlibc6\n") == [said]
    assert warnings("greet\n  Depends: procps\nprocps\n") == []


def test_a_unit_that_is_a_link_to_none_is_in_no_others_way(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("ExecStart=/a\n")
    (tmp_path / "link").symlink_to("nowhere")
    words = ["sh", "-c", look.READ, "sh", str(tmp_path / "link"), str(tmp_path / "one")]
    said = subprocess.run(words, check=True, capture_output=True, text=True)
    assert (said.stdout, said.stderr) == ("ExecStart=/a\n", "")


def test_the_programs_that_units_start_are_found_whatever_stands_before_them() -> None:
    assert look.started("ExecStart=@/a b\nExecStartPre=-!!/usr/bin/c\nExecStop=\nExecReload=d\n") == [
        "/a",
        "/usr/bin/c",
    ]
    assert look.merged("/bin/kill") == ("/bin/kill", "/usr/bin/kill")
    assert look.merged("/opt/x") == ("/opt/x",)
