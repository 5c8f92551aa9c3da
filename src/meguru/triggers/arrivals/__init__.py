"""What reaches triggers from outside: listeners, what they received, and what could not be read."""
