"""The community: who asks to join, its members, what is brought in for them, and suggestions."""
