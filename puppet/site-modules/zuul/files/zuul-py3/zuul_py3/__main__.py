"""``zuul-py3``: tells which versions this package supports, and whether Zuul runs with what is installed here."""

import platform

from zuul_py3 import versions


def main() -> int:
    """Exit status: 0 if Zuul can run here, 1 if it cannot."""
    print(f"zuul-py3 {versions.__version__} supports {versions.supported()}.")
    there = [f"{name} {versions.installed(name) or '(not installed)'}" for name in versions.KNOWN]
    print(f"Installed here: {', '.join(there)}, Python {platform.python_version()}.")
    found = versions.problems()
    for problem in found:
        print(f"Not supported: {problem}.")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
