"""What a draft segment would be: faults, size, members, overlap, money, reach. Nothing is stored.

`draft` puts its rows into a small workspace of its own, `measuring` asks what they come to there, `wording` says it,
`command` does all three for the command line.
"""

from scripts.segments.preview.command import preview
from scripts.segments.preview.measuring import Preview

__all__ = ["Preview", "preview"]
