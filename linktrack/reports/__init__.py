"""What the numbers say: pure statistics, the queries, and the reports every door shows."""
