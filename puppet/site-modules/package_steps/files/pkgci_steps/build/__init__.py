"""Builds of packages: from a git tree to packages, in a clean chroot."""
