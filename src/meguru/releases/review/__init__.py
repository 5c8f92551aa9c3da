"""Reviews of releases: who agreed to what, by which right, and whether that still holds."""
