"""Zuul's own test suite, run against the compatibility module: `make zuul-suite`."""
