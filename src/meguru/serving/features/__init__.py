"""Features for requests: what clients know goes in, and a release's views give what its model eats."""
