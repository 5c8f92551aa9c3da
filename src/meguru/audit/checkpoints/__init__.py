"""Checkpoints: signed heads of the log's Merkle tree, written where whoever owns the database writes not."""
