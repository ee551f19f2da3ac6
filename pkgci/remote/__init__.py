"""The remote side: connections to the site's hosts, whose keys are checked, and work on many of them side by side."""
