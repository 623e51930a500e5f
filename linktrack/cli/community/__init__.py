"""Commands for the community."""
