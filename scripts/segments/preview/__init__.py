"""Preview of a draft segment: errors, size, members, overlap, money, reach. Nothing is stored.

`draft` adds its rows to a small separate workspace, `measuring` measures the result there, `wording` puts it into
words, `command` does all three for the command line.
"""

from scripts.segments.preview.command import preview
from scripts.segments.preview.measuring import Preview

__all__ = ["Preview", "preview"]
