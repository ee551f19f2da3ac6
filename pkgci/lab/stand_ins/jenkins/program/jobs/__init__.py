"""Jobs and builds: what a job's config.xml says, and how both are kept on disk."""
