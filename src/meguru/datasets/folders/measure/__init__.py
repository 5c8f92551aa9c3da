"""What is measured of a version's files beside their bytes: how images look, vectors that a model gives."""
