"""What clients of an endpoint send and get, apart from what its models take."""
