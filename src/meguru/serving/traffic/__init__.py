"""How an endpoint is used and how it answers: counted in memory, kept by minute, server by server."""
