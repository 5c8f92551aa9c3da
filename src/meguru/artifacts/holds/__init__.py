"""Legal holds: nothing of what they are about is erased, removed or let go while they stand."""
