"""Checks that the released repository with this change in it closes: dependencies, versions, files."""
