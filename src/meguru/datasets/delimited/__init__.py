"""Files of delimited text: how they are written, and their records as they stand."""
