"""Posts, comments, reactions, the feed: not built yet; the package holds its place at the top of the imports."""
