"""Components: steps that installed packages offer, found by name and version, and who uses them."""
