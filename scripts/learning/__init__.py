"""What is learnt from past customers: predictions, clusters, rules that were discovered."""
