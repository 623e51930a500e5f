"""The members of communities: who they are, leaving, and being forgotten."""
