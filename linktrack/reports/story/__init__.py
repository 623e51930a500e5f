"""The follow-up: what became of some accounts since a day, told in sentences with their sources."""
