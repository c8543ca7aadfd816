"""Landing files for demos: a simulated retailer, and a real one's data converted."""
