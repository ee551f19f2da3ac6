"""pkgci: sets up and runs a public packaging CI for DEB and RPM packages from one site file."""

__version__ = "0.1.0"
