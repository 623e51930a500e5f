"""Following back: whom to follow, doing it once, and undoing it."""
