"""``python -m pkgci``."""

from pkgci.cli.main import main

main()
