"""A card in the schemas of others."""
