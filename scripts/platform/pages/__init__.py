"""Pages for people: one look, one file each, no reference to elsewhere, pictures as SVG within."""
