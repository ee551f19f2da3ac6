"""The site model: what a site file says, what it means, and which connections follow from it."""
