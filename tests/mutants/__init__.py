"""``make mutants``: breaks what reaches hosts, one small fault at a time, and shows which faults the unit tests miss.

mutmut and cosmic-ray were looked at. mutmut runs the tests in forks of its own process, in which the threads of the
tests' SSH hosts do not go on; cosmic-ray brings an HTTP server and a database for what a list in memory does here.
"""
