"""Erasure of a person: from the raw tables, the warehouse file, kept versions, exports and files; and for good."""
