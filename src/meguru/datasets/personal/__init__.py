"""Personal data in tables: found, treated before it is written, in clear only for who asks for it."""
