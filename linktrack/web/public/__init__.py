"""Public pages, and signing in."""
