"""What a new project of the lab begins with: a README, and small steps that succeed."""

from __future__ import annotations

_STEPS = {
    "build": "would build the packages",
    "install": "would install the packages",
    "repotest": "would check the repository",
    "systest": "would test a system with the packages",
}


def starter_files(project: str, branch: str) -> dict[str, tuple[int, bytes]]:
    """The files of the first commit: path → mode, content."""
    readme = (
        f"# {project}\n\nA project of the lab. `git push origin HEAD:refs/for/{branch}` makes a change of a commit;\n"
        "`ci/` has what its jobs run.\n"
    )
    files = {"README.md": (0o644, readme.encode())}
    for step, what in _STEPS.items():
        script = f'#!/bin/sh\n# {what.capitalize()}.\nset -eu\necho "{step}: {what} of {project}"\n'
        files[f"ci/{step}"] = (0o755, script.encode())
    return files
