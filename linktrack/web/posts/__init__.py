"""The posts section: composing, posts, the queue, and what was not wrapped."""
