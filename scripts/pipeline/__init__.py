"""The steps in order, what each needs from the one before, and the full run."""
