"""What a new project of the lab begins with: a package's tree, or a README and small steps that succeed."""

from __future__ import annotations

from pathlib import Path

_STEPS = {
    "build": "would build the packages",
    "install": "would install the packages",
    "repotest": "would check the repository",
    "systest": "would test a system with the packages",
}


def first_files(project: str, branch: str, trees: Path | None) -> dict[str, tuple[int, bytes]]:
    """The files of the first commit (path → mode, content): of the project's tree where ``trees`` has one."""
    tree = trees / project if trees else None
    if tree is None or not tree.is_dir():
        return starter_files(project, branch)
    return tree_files(tree)


def tree_files(tree: Path) -> dict[str, tuple[int, bytes]]:
    """The plain files of ``tree``: path → mode, content."""
    return {
        path.relative_to(tree).as_posix(): (0o755 if path.stat().st_mode & 0o100 else 0o644, path.read_bytes())
        for path in sorted(tree.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def starter_files(project: str, branch: str) -> dict[str, tuple[int, bytes]]:
    """A README, and a script per step."""
    readme = (
        f"# {project}\n\nA project of the lab. `git push origin HEAD:refs/for/{branch}` makes a change of a commit;\n"
        "`ci/` has what its jobs run.\n"
    )
    files = {"README.md": (0o644, readme.encode())}
    for step, what in _STEPS.items():
        script = f'#!/bin/sh\n# {what.capitalize()}.\nset -eu\necho "{step}: {what} of {project}"\n'
        files[f"ci/{step}"] = (0o755, script.encode())
    return files
