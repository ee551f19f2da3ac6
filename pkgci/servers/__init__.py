"""The servers: what to order for a site, and whether what was delivered is what was ordered."""
