"""Erases a person permanently: from the raw tables, the warehouse file, kept versions, exports and other files."""
