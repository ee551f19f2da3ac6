"""``python -m tests.prove``: what the lab tests say of changes, jobs, agents, restarts, promotion, on real servers."""
