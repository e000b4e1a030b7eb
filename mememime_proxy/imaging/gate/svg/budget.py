"""The bounds of one drawing, the drawings inside of it included: what was used of them, and what is left."""

from __future__ import annotations

from dataclasses import dataclass

from mememime_proxy.errors import LimitError

MAX_STYLE_TOKENS = 400_000
"""Tokens of style sheets and attributes that only a tokenizer can judge: about a microsecond and 250 bytes each."""
MAX_NESTED_DRAWINGS = 3
"""Drawings inside of each other, the outermost one not counted."""


@dataclass(slots=True, kw_only=True)
class Budget:
    """What is left of the bounds of a drawing.

    ``max_pixels``: of all its pictures together; 0 = any number.
    """

    max_pixels: int = 0
    pixels: int = 0
    style_tokens: int = 0
    depth: int = 0

    def add_pixels(self, pixels: int) -> None:
        """Count the pixels of a picture. Raises LimitError for too many."""
        self.pixels += pixels
        if 0 < self.max_pixels < self.pixels:
            raise LimitError(f"SVG with pictures of more than {self.max_pixels} pixels in all")

    def add_style_tokens(self, tokens: int) -> None:
        """Count the tokens of a style sheet. Raises LimitError for too many."""
        self.style_tokens += tokens
        if self.style_tokens > MAX_STYLE_TOKENS:
            raise LimitError(f"SVG with style sheets of more than {MAX_STYLE_TOKENS} tokens")
