"""The steps of a package's way on the hosts: one program per step, with one contract.

Every program can be run by hand. What to do comes in the environment (``inputs``), what is true of the site in
/etc/pkgci/steps.json (``settings``); what comes of it is in the folder RESULTS: result.json, junit.xml and log.txt, and
for a build its packages. The exit status is ``status``'s. ``step`` holds all of that together.

It runs on the Python of every supported host (3.10 and newer), with nothing but the standard library.
"""
