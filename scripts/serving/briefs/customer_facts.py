"""Facts of one customer from the published marts. No words, no names, and neither age, gender nor place."""

from __future__ import annotations

from scripts.serving.briefs.facts import Facts
from scripts.serving.briefs.reading import Published

RECOMMENDATIONS_SHOWN = 3
# A brief describes what a person does; their demographics are left out.
LEFT_OUT = ("age_band", "gender", "region", "country_code", "language", "household_size", "birth_month")


def customer_facts(published: Published, customer_id: str) -> Facts:
    """Everything that the brief says, as a dict for JSON. Attributes whose source is off are None."""
    own = ("customer_id = ?", [customer_id])
    features = published.rows("customer_features", *own)[0]
    features = {name: None if name in published.unavailable else value for name, value in features.items()}
    features = {name: value for name, value in features.items() if name not in LEFT_OUT}
    values = published.rows("customer_value", *own)
    library = {row["segment_key"]: row for row in published.rows("segment_library")}
    why = {row["segment_key"]: row.get("explanation") for row in published.rows("segment_explanations", *own)}
    segments = [
        {
            "segment_key": row["segment_key"],
            "segment_name": library.get(row["segment_key"], {}).get("segment_name", row["segment_key"]),
            "priority": row["priority"],
            "entered_date": row.get("entered_date"),
            "why": why.get(row["segment_key"]),
            "is_suppression": bool(library.get(row["segment_key"], {}).get("is_suppression")),
        }
        for row in published.rows("segment_memberships", *own)
    ]
    primary = {row["channel"]: row["segment_key"] for row in published.rows("customer_primary_segment", *own)}
    recommended = sorted(published.rows("customer_recommendations", *own), key=lambda row: row["recommendation_rank"])
    return {
        "customer_id": customer_id,
        "as_of_date": published.as_of_date,
        "currency": published.currency,
        "features": features,
        "not_known": published.unavailable,
        "value": values[0] if values else None,
        "revenue_rank": revenue_rank(published, features),
        "models": {row["model_key"]: row["status"] for row in published.rows("fitted_models")},
        "segments": sorted(segments, key=lambda one: (one["priority"] is None, one["priority"])),
        "primary": primary,
        "library": {
            key: {name: library[key][name] for name in ("segment_name", "next_action", "owner", "is_suppression")}
            for key in sorted(set(primary.values()) | {one["segment_key"] for one in segments})
            if key in library
        },
        "recommendations": recommended[:RECOMMENDATIONS_SHOWN],
        "suppressions": sorted(
            ({"channel": row["channel"], "reason": row["reason"]} for row in published.rows("suppressions", *own)),
            key=lambda one: (str(one["channel"]), str(one["reason"])),
        ),
    }


def revenue_rank(published: Published, features: Facts) -> float | None:
    """Share of the buyers among people who brought less net revenue; None for non-buyers and non-persons."""
    if not features.get("order_count") or features.get("customer_type") != "person":
        return None
    buyers = published.frame("customer_features", "customer_type = 'person' and order_count > 0", columns="net_revenue")
    return float((buyers["net_revenue"].astype(float) < float(features["net_revenue"])).mean())
