"""Commands for posts and links."""
