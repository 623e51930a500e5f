"""Commands for single links."""
