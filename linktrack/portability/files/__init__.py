"""Files as they come: lines, tables, SQL dumps, and safe output."""
