"""The Jenkins jobs: rendered from the site, planned against the live Jenkins, and deployed exactly as planned."""
