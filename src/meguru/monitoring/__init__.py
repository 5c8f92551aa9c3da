"""Watch what an endpoint answers: drift of its input, and whether it is still right."""
