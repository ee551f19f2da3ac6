"""Puppet runs: the bundle, the runner on the host, and the report."""
