"""Comments: what people say to each other about a thing, beside the thing."""
