"""The build itself, by sbuild in a chroot of its own, and what sbuild's words at the end mean."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..status import Ended, Status
from ..step import Step
from . import extra
from .upstream.derive import build_environment

# Of sbuild's log, in bytes: more than its last words, and than apt's words about a hundred missing packages.
_TAIL = 4 * 1024 * 1024
_SUMMARY = re.compile(r"^\| Summary\b.*\|$", re.MULTILINE)
_WORD = re.compile(r"^([A-Z][A-Za-z-]+): (.*)$", re.MULTILINE)
# apt's words where a mirror or a repository is at fault.
_UNFETCHED = re.compile(
    r"^(?:E|Err|Error)[: ].*(?:Failed to fetch|Unable to fetch|Could not resolve|Could not connect|Hash Sum mismatch|"
    r"Connection failed|Temporary failure|404 +Not Found|NO_PUBKEY|is not signed)",
    re.MULTILINE,
)
# Packages that a source package asks for, and that cannot be had: "Depends: libfoo-dev (>= 2) but it is not …".
_UNMET = re.compile(r"\b(?:Depends|Conflicts|Breaks): ([a-z0-9][a-z0-9+.:-]+(?: \([^)]*\))?) but")

# Where nothing in a chroot has a network, but what fetches.
_OFFLINE = Path(__file__).with_name("offline.pl")

# sbuild's settings, in its own language (sbuild.conf(5)). Nothing of a change is in it.
_SETTINGS = """\
$chroot_mode = 'unshare';
$unshare_tmpdir_template = '{folder}/chroot.XXXXXXXXXX';
$log_dir = '{folder}/logs';
$build_path = '/build/reproducible-path';
$verbose = 1;
$apt_distupgrade = 0;
$apt_upgrade = 0;
$apt_update = {update};
$clean_source = 0;
$run_lintian = 0;
$run_piuparts = 0;
$run_autopkgtest = 0;
$purge_build_deps = 'never';
$build_environment = {{{environment}}};
$bd_uninstallable_explainer = '';
require '{offline}';
1;
"""


@dataclass(frozen=True)
class Outcome:
    """How sbuild ended. ``text`` is the end of its log, ``words`` are its summary's."""

    status: int
    text: str
    words: dict[str, str]

    @property
    def unfetched(self) -> str:
        """The first line that blames a mirror or a repository; '' for none."""
        if self.words.get("Fail-Stage") == "build":
            return ""
        found = _UNFETCHED.search(self.text)
        return found[0].strip() if found else ""


def build(step: Step, dsc: Path, suite: str, chroot: Path, commands: Sequence[str], folder: Path) -> Path:
    """The folder with what was built of ``dsc`` in ``chroot``, below ``folder``. Raises ``Ended``.

    A chroot is as old as the last night. Where the mirror has gone on meanwhile, the build is done again with its news.
    """
    outcome = _run(step, dsc, suite, chroot, commands, folder / "first", update=0)
    if outcome.status == 0:
        return folder / "first/out"
    if outcome.unfetched and extra.UNREADABLE not in outcome.text:
        step.log.say(f"once more, with the mirror's news: {outcome.unfetched}")
        outcome = _run(step, dsc, suite, chroot, commands, folder / "second", update=1)
        if outcome.status == 0:
            return folder / "second/out"
    raise why(outcome)


def why(outcome: Outcome) -> Ended:
    """Why a build did not succeed, and who is at fault."""
    stage = outcome.words.get("Fail-Stage", "")
    if outcome.words.get("Status") == "skipped":
        return Ended(Status.SKIPPED, "sbuild skipped the build: the package is not for this architecture")
    if stage == "build":
        return Ended(Status.FAILED, "the build failed: see the end of its log")
    if stage == "unpack":
        return Ended(Status.FAILED, "the source package cannot be unpacked")
    if extra.UNREADABLE in outcome.text:
        return Ended(Status.INFRASTRUCTURE, extra.UNREADABLE.removeprefix("pkgci: "))
    if outcome.unfetched:
        return Ended(Status.INFRASTRUCTURE, f"build dependencies cannot be fetched: {outcome.unfetched[:300]}")
    if stage == "install-deps":
        names = list(dict.fromkeys(_UNMET.findall(outcome.text)))
        said = ", ".join(names[:20]) or "see apt's words above"
        return Ended(Status.FAILED, f"build dependencies cannot be installed: {said}")
    return Ended(Status.INFRASTRUCTURE, f"sbuild ended with status {outcome.status} at '{stage or 'its start'}'")


def summary(text: str) -> dict[str, str]:
    """sbuild's last words, without what the build itself said before."""
    places = list(_SUMMARY.finditer(text))
    return dict(_WORD.findall(text[places[-1].end() :])) if places else {}


def _run(
    step: Step,
    dsc: Path,
    suite: str,
    chroot: Path,
    commands: Sequence[str],
    folder: Path,
    *,
    update: int,
) -> Outcome:
    # What a package calls its files is its own affair: they get a folder with nothing else in it.
    (folder / "logs").mkdir(parents=True)
    (folder / "out").mkdir()
    settings = folder / "sbuild.conf"
    told = ", ".join(f"'{name}' => '{value}'" for name, value in build_environment(step).items())
    settings.write_text(_SETTINGS.format(folder=folder, update=update, environment=told, offline=_OFFLINE))
    # Where this program is killed, sbuild is asked to end.
    command: list[str | Path] = ["setpriv", "--pdeathsig=TERM", "prlimit", "--core=0"]
    command += ["sbuild", f"--chroot={chroot}"]
    command += [f"--dist={suite}", "--arch-all", "--arch-any"]
    command += [f"--chroot-setup-commands={line}" for line in commands]
    environment = {
        "SBUILD_CONFIG": str(settings),
        "DEB_BUILD_OPTIONS": f"parallel={len(os.sched_getaffinity(0))}",
        "TMPDIR": str(folder),
    }
    status = step.programs.run([*command, dsc], environment=environment, folder=folder / "out")
    text = "".join(_tail(file) for file in sorted((folder / "logs").glob("*.build")) if not file.is_symlink())
    return Outcome(status, text, summary(text))


def _tail(file: Path) -> str:
    with file.open("rb") as log:
        log.seek(max(0, file.stat().st_size - _TAIL))
        return log.read().decode(errors="replace")
