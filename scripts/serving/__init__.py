"""What readers get: published versions, exports, reports, briefs, health."""
