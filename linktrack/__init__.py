"""linktrack: a link shortener that measures clicks per follower, honestly."""

__version__ = "0.1.0"
