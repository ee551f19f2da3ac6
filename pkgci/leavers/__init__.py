"""Roles and hosts that leave: what is remembered of hosts, what it means, and how a host is retired."""

# Where that is remembered, beside the site file.
MEMORY = ".pkgci/hosts.json"
