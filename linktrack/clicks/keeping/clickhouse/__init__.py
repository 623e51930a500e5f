"""Single clicks on ClickHouse: one table, asked over HTTP."""
