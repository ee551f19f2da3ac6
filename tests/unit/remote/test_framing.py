"""A program reaches a host through any login shell, and its answer is told from everything else."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pkgci.remote.framing import Frame, Stage, command_line
from tests.unit.remote.shells import PATH, answer, executable

# What shells read each in its own way: quotes, backslashes, history, variables, lines, bytes that are no text.
PROGRAM = """\
echo 'a b' "c\\d" \\\\ '!!' !x "$HOME" `echo back` {one,two} ~nobody '%{x}' # comment
printf '%s\\n' "it's" | sed 's/^/> /'
exec sh -c 'cat; echo äöü >&2; exit 7'
"""
SHELLS = {
    "sh": [],
    "bash": [],
    "rbash": [],
    "dash": [],
    "csh": ["-f"],
    "tcsh": ["-f"],
    "fish": ["--no-config"],
    "zsh": ["-f"],
    "ksh": [],
    "mksh": [],
    "busybox": ["sh"],
}


def login_shell(name: str) -> list[str]:
    found = shutil.which(name)
    assert found, f"{name} is not installed: .ci/prepare test"
    return [found, *SHELLS[name]]


@pytest.mark.parametrize("name", SHELLS)
def test_a_program_runs_to_the_byte_whatever_the_login_shell_is(tmp_path: Path, name: str) -> None:
    own = answer(PROGRAM, shell=["sh"], home=tmp_path, stdin=b"\xff\0data\nno newline")
    frame, output, errors = answer(PROGRAM, shell=login_shell(name), home=tmp_path, stdin=b"\xff\0data\nno newline")
    assert (frame.stage, frame.status) == (Stage.ENDED, 7)
    assert output == own[1]
    assert output.endswith(b"> it's\n\xff\0data\nno newline")
    assert frame.own_errors(errors) == "äöü\n"


def test_the_command_line_is_the_same_for_every_program_and_holds_nothing_of_it() -> None:
    """`ps` shows it to every user of the host."""
    assert Frame().question("echo secret") != Frame().question("echo secret")
    assert command_line(root=False) == command_line(root=False)
    assert "sudo -n " in command_line(root=True)


@pytest.mark.parametrize("greeting", ["echo Welcome", "printf 'no newline'", "echo Welcome >&2", "echo; echo; date"])
def test_what_a_start_up_file_prints_is_not_part_of_the_answer(tmp_path: Path, greeting: str) -> None:
    shell = executable(tmp_path / "shell", f'{greeting}\nsh "$@"\n{greeting}')
    frame, output, errors = answer("echo answer; echo trouble >&2", shell=[str(shell)], home=tmp_path)
    assert (frame.stage, frame.status, output) == (Stage.ENDED, 0, b"answer\n")
    assert frame.own_errors(errors).startswith("trouble\n")


@pytest.mark.parametrize(
    ("shell", "said"),
    [
        ("echo 'Please login as the user \"ubuntu\".'; exit 142", 'Please login as the user "ubuntu".'),
        ("echo 'Cuenta no disponible.' >&2; exit 1", "Cuenta no disponible."),
        ("exit 0", ""),
        ("cat", "standard input"),
        ("head -n 1", "standard input"),
    ],
)
def test_an_account_that_runs_something_else_is_found_out_in_its_own_words(
    tmp_path: Path, shell: str, said: str
) -> None:
    frame, output, errors = answer(
        "echo answer", shell=[str(executable(tmp_path / "shell", shell))], home=tmp_path, stdin=b"secret"
    )
    assert (frame.stage, output) == (Stage.CONNECTED, b"")
    assert said in frame.refusal(errors)
    assert "secret" not in frame.refusal(errors)


@pytest.mark.parametrize(
    "sudo",
    [
        "echo 'sudo: a password is required' >&2; exit 1",
        "echo 'sudo: interactive authentication is required' >&2; exit 1",
        "echo 'doas: Operation not permitted' >&2; exit 1",
        "echo 'sudo: Ein Passwort ist notwendig'; exit 77",
        "echo 'deploy is not in the sudoers file.' >&2; echo 'This incident has been reported.' >&2; exit 1",
        "exit 1",
        "exit 0",
    ],
)
def test_a_refusal_of_sudo_in_any_words_is_no_answer(tmp_path: Path, sudo: str) -> None:
    executable(tmp_path / "sudo", sudo)
    frame, output, errors = answer("echo answer", shell=["sh"], home=tmp_path, root=True, path=f"{tmp_path}:{PATH}")
    assert (frame.stage, output) == (Stage.LOGGED_IN, b"")
    assert all(word in sudo for word in frame.refusal(errors).split())
    assert bool(frame.refusal(errors)) is ("echo" in sudo)


def test_what_sudo_grumbles_before_it_runs_the_program_is_not_the_programs(tmp_path: Path) -> None:
    executable(tmp_path / "sudo", 'echo "sudo: unable to resolve host x" >&2; shift; exec "$@"')
    frame, output, errors = answer(
        "cat; echo own >&2", shell=["sh"], home=tmp_path, root=True, stdin=b"in", path=f"{tmp_path}:{PATH}"
    )
    assert (frame.stage, output, frame.own_errors(errors)) == (Stage.ENDED, b"in", "own\n")


@pytest.mark.parametrize("missing", [1, 2, 10, 40, 60, 90])
def test_a_program_that_did_not_arrive_whole_is_not_run(tmp_path: Path, missing: int) -> None:
    frame = Frame()
    question = frame.question(f"touch {tmp_path}/ran\n: more")
    done = subprocess.run(["sh", "-c", command_line(root=False)], input=question[:-missing], capture_output=True)
    frame.take(done.stdout)
    assert not (tmp_path / "ran").exists()
    assert frame.stage < Stage.ENDED


@pytest.mark.parametrize("size", [1, 7, 1 << 16])
@pytest.mark.parametrize("output", [b"", b"x", b"line\n", b"pkgci-", b"\n\npkgci-0 end 1\n"])
def test_an_answer_is_the_same_in_whatever_pieces_it_arrives(size: int, output: bytes) -> None:
    frame = Frame()
    mark = frame.question("").split(b"\n")[0]
    told = b"hello " + mark + b" login\n" + mark + b" begin\n" + output + mark + b" end 3\nbye"
    pieces = [told[start : start + size] for start in range(0, len(told), size)]
    assert b"".join(frame.take(piece) for piece in pieces) == output
    assert (frame.stage, frame.status) == (Stage.ENDED, 3)


def test_a_line_is_told_as_soon_as_it_is_there() -> None:
    frame = Frame()
    mark = frame.question("").split(b"\n")[0]
    frame.take(mark + b" login\n" + mark + b" begin\n")
    assert frame.take(b"Notice: /Stage[main]\n") == b"Notice: /Stage[main]\n"


@pytest.mark.parametrize("cut", [b"", b" ", b" end", b" end 12"])
def test_an_answer_without_its_end_is_not_whole(cut: bytes) -> None:
    frame = Frame()
    mark = frame.question("").split(b"\n")[0]
    told = frame.take(mark + b" login\n" + mark + b" begin\nhalf" + (mark if cut else b"") + cut)
    assert (told, frame.stage, frame.status) == (b"half", Stage.BEGUN, -1)


@pytest.mark.parametrize("shell", ["sh", "bash", "tcsh", "fish", "zsh"])
def test_a_shell_that_reads_the_program_in_place_of_ours_runs_nothing_of_it(tmp_path: Path, shell: str) -> None:
    """A start-up file may end in `exec zsh`, which then reads standard input."""
    words = login_shell(shell)
    made = tmp_path / "made"
    done = subprocess.run(words, input=Frame().question(f"touch {made}\ntouch {made}"), capture_output=True)
    assert not made.exists(), done


def test_a_host_without_base64_does_not_give_an_empty_answer(tmp_path: Path) -> None:
    executable(tmp_path / "base64", "echo 'base64: not found' >&2; exit 127")
    frame, output, errors = answer("echo x", shell=["sh"], home=tmp_path, path=f"{tmp_path}:{PATH}")
    assert (frame.stage, frame.status, output) == (Stage.ENDED, 127, b"")
    assert "base64" in frame.own_errors(errors)
