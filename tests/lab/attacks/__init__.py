"""Attacks on real hosts, one file per boundary of SECURITY.md; each test is one attack and what stops it."""
