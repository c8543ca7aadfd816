"""HTML pages: one style, one self-contained file each, pictures as inline SVG."""
