"""Full-text search that works for Chinese: bigrams in a tsvector under GIN."""
