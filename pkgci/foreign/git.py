"""A commit of somebody's git repository, kept beside the site file. Git gets argument lists and never a shell."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pkgci.errors import PkgciError, UsageError
from pkgci.folders import make_folder
from pkgci.locks import lock_or_wait
from pkgci.model.words import nearest

# What a clone of a large repository over a slow line takes, seconds.
_LIMIT = 900
_REMOTE_PROTOCOLS = "https:ssh"
_PROTOCOLS = f"{_REMOTE_PROTOCOLS}:file"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# Variables of a git that calls pkgci (in a hook, say) would lead ours into its repository.
_FOREIGN_VARIABLES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR")


@dataclass(frozen=True)
class Commit:
    """One commit, checked out: its full name, and the folder with its files."""

    name: str
    folder: Path


def checkout(url: str, ref: str | None, cache: Path) -> Commit:
    """The commit that ``ref`` (branch, tag or commit; None: the repository's HEAD) is now in the repository ``url``.

    What was fetched before stays below ``cache``: a full commit name that is there needs no network. Raises
    ``PkgciError`` where the repository cannot be fetched, ``UsageError`` where it has no such ref.
    """
    if shutil.which("git") is None:
        raise PkgciError(f"the manifests are in {url}, and there is no git on this machine", "apt-get install git")
    base = cache / hashlib.sha256(url.encode()).hexdigest()[:16]
    repository = base / "repository"
    try:
        make_folder(base)
        # Two processes would write into the same repository.
        with lock_or_wait(base / "lock"):
            if ref is None or not _has(repository, ref):
                _fetch(url, repository)
            commit = _resolve(url, ref, repository)
            folder = base / commit
            if not folder.is_dir():
                _check_out(url, repository, commit, folder)
    except OSError as error:
        raise PkgciError(f"cannot keep the manifests in {error.filename or base}: {error.strerror}") from None
    return Commit(commit, folder)


def _has(repository: Path, ref: str) -> bool:
    """Whether ``ref`` is the full name of a commit that has been fetched: it cannot have changed since."""
    return bool(_COMMIT.fullmatch(ref)) and repository.is_dir() and _commit(repository, ref) is not None


def _fetch(url: str, repository: Path) -> None:
    """Brings ``repository`` up to date with ``url``: every branch, tag, and where HEAD is."""
    if not (repository / "HEAD").exists():
        _git("init", "--quiet", "--bare", str(repository))
    refs = ("+HEAD:refs/pkgci/HEAD", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
    try:
        # An object name is only advertised by a ref: a commit that no branch has is not fetched.
        _git("fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--", url, *refs, at=repository)
    except subprocess.CalledProcessError as error:
        raise PkgciError(
            f"cannot fetch the manifests from {url}: {_complaint(error)}",
            f"try `git ls-remote {url}`; `ref:` with a full commit name needs no network once it was fetched",
        ) from None
    except subprocess.TimeoutExpired:
        raise PkgciError(
            f"{url} did not send the manifests within {_LIMIT // 60} min", f"try `git clone {url}`"
        ) from None


def _resolve(url: str, ref: str | None, repository: Path) -> str:
    """The name of the commit that ``ref`` is."""
    candidates = ["refs/pkgci/HEAD"] if ref is None else [f"refs/heads/{ref}", f"refs/tags/{ref}", f"{ref}"]
    for candidate in candidates:
        commit = _commit(repository, candidate)
        if commit is not None:
            return commit
    listed = _git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads", "refs/tags", at=repository)
    known = listed.split()
    raise UsageError(
        f"{url} has no branch, tag or commit '{ref}'{nearest(ref or '', known)}",
        f"it has: {', '.join(known[:12]) or 'no branch at all'}",
    )


def _commit(repository: Path, name: str) -> str | None:
    try:
        return _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", at=repository).strip()
    except subprocess.CalledProcessError:
        return None


def _check_out(url: str, repository: Path, commit: str, folder: Path) -> None:
    """Writes the files of ``commit``, with its submodules, to ``folder``: whole or not at all."""
    temporary = Path(tempfile.mkdtemp(prefix="new.", dir=folder.parent))
    try:
        _git("clone", "--quiet", "--shared", "--no-checkout", "--", str(repository), str(temporary))
        # Submodules whose address is relative are beside the real repository.
        _git("config", "remote.origin.url", url, at=temporary)
        _git("checkout", "--quiet", "--detach", commit, at=temporary)
        if (temporary / ".gitmodules").is_file():
            # Nobody else's repository names folders of this machine.
            protocols = _PROTOCOLS if url.startswith("file:") else _REMOTE_PROTOCOLS
            _git("submodule", "--quiet", "update", "--init", "--recursive", at=temporary, protocols=protocols)
        shutil.rmtree(temporary / ".git")
        temporary.chmod(0o755)
        temporary.rename(folder)
    except subprocess.CalledProcessError as error:
        raise PkgciError(f"cannot check out {commit[:12]} of {url}: {_complaint(error)}") from None
    except subprocess.TimeoutExpired:
        raise PkgciError(f"the submodules of {url} did not come within {_LIMIT // 60} min") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _git(*arguments: str, at: Path | None = None, protocols: str = _PROTOCOLS) -> str:
    """What git says. Never asks for a password; hooks of the fetched repository do not run."""
    environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN_VARIABLES}
    environment |= {
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=20"),
        "LC_ALL": "C.UTF-8",
    }
    place = [] if at is None else ["-C", str(at)]
    # A server is silent while it packs a big repository.
    stalled = ["-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=300"]
    done = subprocess.run(
        ["git", *place, *stalled, "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=_LIMIT,
        check=True,
    )
    return done.stdout


def _complaint(error: subprocess.CalledProcessError) -> str:
    """The line of git's that says why."""
    lines = [line.strip() for line in str(error.stderr).splitlines() if line.strip()]
    fatal = [line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")]
    return (fatal or lines or [f"git ended with {error.returncode}"])[0]
