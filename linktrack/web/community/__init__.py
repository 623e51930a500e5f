"""The community section: requests, members, what is brought in, suggestions, settings."""
