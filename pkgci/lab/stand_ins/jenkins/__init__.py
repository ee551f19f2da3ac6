"""The stand-in for Jenkins: ``program`` is what its Debian package has, ``package`` describes the package."""
