"""X: archives, and signing in."""
