"""Boots a fresh system with what was published for a change, and runs the package's own tests in others.

``prepared`` makes the system's root, ``container`` and ``vm`` boot it, ``services`` looks at its units. The tests are
those of the ``source`` package: ``autopkgtest`` runs them in systems from the ``bed``, ``hook`` an RPM package's. What
runs in a system is the change's own: it is root there, and nobody on the slave.
"""
