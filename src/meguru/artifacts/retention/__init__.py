"""How long records are kept: by policy, never shorter than the law asks, and never while a hold stands."""
