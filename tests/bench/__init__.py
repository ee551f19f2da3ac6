"""``make bench``: the budgets of the design, each beside a peer that does the same work in the same run."""
