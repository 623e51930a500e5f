"""Public pages of a community: asking to join."""
