"""Names a cluster by how it differs from the average buyer, in the words of the seed model_inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

Matrix = np.ndarray[Any, np.dtype[np.float64]]

# Distance from the average buyer, in standard deviations, from which a trait is worth naming.
TRAIT_DISTANCE = 0.5
TRAITS_IN_A_NAME = 3
# Two features correlated this strongly, such as revenue and margin, are one trait.
SAME_TRAIT = 0.75


def traits_of(centre: Matrix, words: pd.DataFrame, correlations: Matrix) -> list[str]:
    """The traits of one (standardised) centre, most distinctive first; empty for an average one.

    `words` has one row per feature in the order of the centre, with low_words and high_words; `correlations` is the
    features' correlation matrix.
    """
    found: list[str] = []
    used: list[int] = []
    for position in np.argsort(-np.abs(np.round(centre, 6)), kind="stable"):
        if abs(centre[position]) < TRAIT_DISTANCE:
            break
        # Correlated in the direction in which the centre lies: high revenue already implies high margin.
        is_implied = any(
            correlations[position, other] * np.sign(centre[position] * centre[other]) >= SAME_TRAIT for other in used
        )
        text = str(words.iloc[int(position)]["high_words" if centre[position] > 0 else "low_words"]).strip()
        if not is_implied and text not in found:
            found.append(text)
            used.append(int(position))
    return found


def names_of(centres: Matrix, words: pd.DataFrame, correlations: Matrix) -> list[str]:
    """A name for every centre: its (at most three) most distinctive traits, more where two names would be the same."""
    traits = [traits_of(centre, words, correlations) for centre in centres]
    lengths = [min(TRAITS_IN_A_NAME, len(found)) for found in traits]
    names = [_name(found[:length]) for found, length in zip(traits, lengths, strict=True)]
    while True:
        longer = [
            place for place, name in enumerate(names) if names.count(name) > 1 and lengths[place] < len(traits[place])
        ]
        if not longer:
            break
        for place in longer:
            lengths[place] += 1
            names[place] = _name(traits[place][: lengths[place]])
    return [
        f"{name} (group {names[:place].count(name) + 1})" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]


def _name(traits: list[str]) -> str:
    text = ", ".join(traits)
    return text[:1].upper() + text[1:] if text else "Average"
