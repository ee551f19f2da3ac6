"""The lab's stand-in for Gerrit: its SSH commands, git over SSH and HTTPS, votes, submit, and pages to look at.

A program of its own that runs on the lab's machine ``stand-ins``; it uses nothing of pkgci outside this folder.
"""
