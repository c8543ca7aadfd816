"""The order of the steps: what each needs from the one before, and the run from nothing to a result."""
