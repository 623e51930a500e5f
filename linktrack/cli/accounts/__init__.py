"""Commands for accounts, their followers and segments."""
