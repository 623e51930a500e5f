"""The posts section: composing, posts, the queue, and untracked links."""
