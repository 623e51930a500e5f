"""Reports on goals: what clicks on links to own sites become."""
