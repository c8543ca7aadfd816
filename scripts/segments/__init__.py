"""The segment library: rules as files, tried, checked, approved, promoted, explained."""
