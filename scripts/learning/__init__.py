"""Models trained on past customers: predictions, clusters, discovered rules."""
