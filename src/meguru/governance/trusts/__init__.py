"""Trusts: for a token of another system (a forge's job) a short one of ours is given; no secret is kept."""
