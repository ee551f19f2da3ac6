"""Rendering: from the site and the Hiera templates to each host's data. A pure function of its arguments."""
