"""The console: server-rendered pages that show what the system does and why; they only ask."""
