"""Boots a fresh system with what was published for a change, and runs the package's own tests in it.

``prepared`` makes the system's root, ``container`` and ``vm`` boot it, ``services`` looks at its units, ``autopkgtest``
and ``hook`` run the tests. What runs in the system is the change's own: it is root there, and nobody on the slave.
"""
