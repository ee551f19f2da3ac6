"""Upstream's own git repository as the source of a package: its version, its tarball, and what the packaging is told.

Nothing of upstream's runs here: its files and its history are read as data.
"""
