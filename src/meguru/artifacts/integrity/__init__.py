"""Whether the bytes that the database refers to are there, and are what they were."""
