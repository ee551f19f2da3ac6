"""The start of a site: the files that ``pkgci init`` writes."""
