"""Everything around the warehouse: landing files in, audiences and pages out."""
