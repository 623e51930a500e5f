"""The feed of a community's members: what is brought in, and how each member gets it."""
