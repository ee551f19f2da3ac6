"""pkgci-job, which Jenkins calls on a slave: does one step of a package's way, and hands its log to the log server."""
