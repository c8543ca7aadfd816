"""Removal requests for destinations, by hashed address or number. Each destination has its own hashing rule."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime

from scripts.erasure.person import Person


def removals_of(person: Person, requested_at: datetime) -> Iterator[tuple[object, ...]]:
    """Rows of `state.erasure_removals` for every e-mail address and telephone number of a person."""
    for kind, value in person.ids:
        for destination, rule, hashed in _hashes(kind, value):
            text = "|".join((person.erasure_id, destination, rule, hashed))
            yield (
                hashlib.sha256(text.encode()).hexdigest()[:32], destination, "email" if kind == "email" else "sms",
                kind, rule, hashed, requested_at, person.erasure_id,
            )  # fmt: skip


def _hashes(kind: str, value: str) -> Iterator[tuple[str, str, str]]:
    """Destination, rule and hash. `other` is for destinations with plain hashing, or that hash their own contacts."""
    if kind == "email":
        name, _, domain = value.partition("@")
        bare = name.split("+", 1)[0]
        google = f"{bare.replace('.', '')}@{domain}" if domain in ("gmail.com", "googlemail.com") else value
        yield "other", "sha256 of the address in lower case", _sha256(value)
        yield "meta", "sha256 of the address in lower case", _sha256(value)
        yield "google", "sha256 in lower case, gmail without dots and suffix", _sha256(re.sub(r"\s", "", google))
        yield "tiktok", "sha256 in lower case without +suffix", _sha256(f"{bare}@{domain}")
        yield "mailchimp", "md5 of the address in lower case", hashlib.md5(value.encode()).hexdigest()
    elif kind == "phone":
        yield "other", "sha256 of E.164 with +", _sha256(value)
        yield "meta", "sha256 of the digits with country code", _sha256(value.lstrip("+"))
        yield "google", "sha256 of E.164 with +", _sha256(value)
        yield "tiktok", "sha256 of E.164 with +", _sha256(value)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
