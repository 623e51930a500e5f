"""Health: the state of the service, and what needs the owner."""
