"""Resources of the API: one module each; a room where a resource needs several."""
