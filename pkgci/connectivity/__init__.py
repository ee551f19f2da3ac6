"""Is the network as open and as closed as the site declares? The matrix, the probe, the verdicts."""
