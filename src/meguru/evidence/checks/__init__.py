"""What is asked of a pack whose bytes are whole: each check tells what contradicts what, and where."""
