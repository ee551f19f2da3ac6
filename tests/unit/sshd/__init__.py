"""An SSH server inside the test process: hosts whose every answer, and every fault, a test writes down.

``network.Network`` is a site's hosts, each a ``host.ScriptedHost``; ``script`` has what a host can say. The fixture
``network`` (tests/unit/conftest.py) gives an empty one. The hosts have the addresses of the site file; ``redirect``
leads connections to them, so that a site is loaded and reached as any other is.
"""
