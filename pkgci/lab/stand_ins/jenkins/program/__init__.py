"""pkgci's stand-in for Jenkins: runs freestyle jobs on SSH nodes, over Gearman and over REST. It is not Jenkins.

It is a program of its own: it is installed as ``jenkins_stand_in`` on a host where pkgci is not, so that its modules
import each other relatively and nothing else of pkgci. ``config`` reads what Puppet writes for the real one, ``jobs``
keeps jobs and builds on disk, ``nodes`` reaches the slaves, ``builds`` runs builds, ``gearman`` and ``web`` are its two
faces, and ``controller`` puts them together.
"""

# The header of every answer, and the first words of every page.
HEADER = "X-Pkgci-Stand-In"
TITLE = "pkgci's stand-in for Jenkins, not Jenkins"
