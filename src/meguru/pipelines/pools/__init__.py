"""Named pools: how many steps may use a scarce thing, such as the GPUs, at a time, in all runs together."""
