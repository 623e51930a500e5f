"""Sources: where clicks came from, and what was filtered out."""
