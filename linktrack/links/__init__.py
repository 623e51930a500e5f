"""Links and posts: what is wrapped, under which code, leading where."""
