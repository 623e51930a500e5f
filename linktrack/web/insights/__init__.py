"""The insights section: sources, timing, comparison, experiments, notes, promoted people."""
