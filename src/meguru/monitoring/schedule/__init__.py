"""When a monitor looks: its windows, how it is known that one is full, and the service that looks."""
