"""Landing files to try everything with: a simulated retailer, and a real one converted."""
