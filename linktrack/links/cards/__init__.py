"""Cards: what networks show of a page below a post."""
