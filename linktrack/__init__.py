"""linktrack: clicks per follower, told honestly."""

__version__ = "0.1.0"
