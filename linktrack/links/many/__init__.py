"""Many links at once: made from a table, changed together, and all of it undone as one."""
