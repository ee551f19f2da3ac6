"""A site's work items in their order, and the journal from which a deployment goes on after a failure."""
