"""The brief of a segment: facts in sentences. What is called a difference is decided in `comparison`, not here."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.serving.briefs import phrasing
from scripts.serving.briefs.campaign_facts import LEAST_COST_COVERAGE
from scripts.serving.briefs.comparison import LEAST_MEMBERS
from scripts.serving.briefs.document import Brief, Section
from scripts.serving.briefs.facts import LEAST_DESCRIBED, VALUES_SHOWN, Facts, segment_facts
from scripts.serving.briefs.reading import SegmentFrames
from scripts.serving.briefs.traits import FLAGS, MEASURES, MIXES, Measure

# Number of findings in the summary at the top.
FINDINGS_ON_TOP = 6
OVERLAPS_SHOWN = 5
APPROVALS = {
    "approved": "Approved in all three roles",
    "partial": "Not approved yet: approvals are missing",
    "none": "Not approved by anybody",
    "lapsed": "Its approval has lapsed, because the rule has changed since",
    "same_person_twice": "Not approved: one person signed in several roles",
    "count_outside_band": "Its size has left the band that was approved; it needs to be approved again",
}
RISKS = {
    "pricing": "touches prices",
    "eligibility": "touches what people may have",
    "service_priority": "touches who is served first",
    "credit": "touches credit",
    "sensitive": "rests on sensitive attributes",
}


def segment_brief(frames: SegmentFrames, about: str) -> Brief:
    """What the segment is, who is in it, what they do and bring in, and what comes next."""
    facts = segment_facts(frames)
    return Brief(f"Segment: {facts['segment']['segment_name']}", about, segment_sections(facts), facts)


def segment_sections(facts: Facts) -> list[Section]:
    if facts["segment"]["effective_status"] != "active":
        return [*_not_active(facts), _rule(facts), _decision(facts)]
    if not facts["is_described"]:
        few = Section("In short", [_size(facts), *_few(facts)], [])
        return [few, _rule(facts), Section("Size over time", trend_sentences(facts)), _decision(facts)]
    return [
        Section("In short", [_size(facts), *_caution(facts)], [*finding_points(facts), _next(facts)]),
        _rule(facts),
        Section("Who they are", [], [*mix_points(facts, "who"), *_shares(facts, "who"), *demographic_points(facts)]),
        Section(
            "What they buy",
            [] if facts["has_buyers"] else ["They have never bought."],
            [*mix_points(facts, "bought"), *level_points(facts, "bought")] if facts["has_buyers"] else [],
        ),
        Section(
            "What moves them",
            [],
            [*mix_points(facts, "moves"), *level_points(facts, "moves"), *_shares(facts, "moves")],
        ),
        Section(
            "What they bring in",
            money_sentences(facts),
            level_points(facts, "earn") if facts["has_buyers"] else [],
        ),
        Section(
            "Service and returns",
            [],
            [*_shares(facts, "service"), *level_points(facts, "service"), *mix_points(facts, "service")],
        ),
        Section("Who may be contacted", [], reach_points(facts)),
        Section("Other segments they are in", [], overlap_points(facts)),
        Section("Size over time", trend_sentences(facts)),
        _decision(facts),
    ]


# ---- parts -----------------------------------------------------------------------------------------------------------


def _size(facts: Facts) -> str:
    size = facts["size"]
    if size["members"] == 0:
        return f"Nobody is in it on {facts['as_of_date']}."
    left = "included" if facts["segment"]["scope"] == "all" else "left out"
    return (
        f"{phrasing.counted(size['members'], 'customer')}: {phrasing.share(size['share'])} of all "
        f"{phrasing.number(size['customers'])} customers (staff, wholesalers, relay and test accounts {left})."
    )


def _next(facts: Facts) -> str:
    return f"What is done next: {phrasing.sentence(facts['segment']['next_action'])}"


def _few(facts: Facts) -> list[str]:
    if facts["size"]["members"] == 0:
        return []
    return [
        f"Groups of fewer than {LEAST_DESCRIBED} people are not described, because that would reveal individuals; "
        "for one person, use the brief of a customer."
    ]


def _caution(facts: Facts) -> list[str]:
    size, base = facts["size"]["members"], facts["base"]
    if size < LEAST_MEMBERS:
        return [
            f"Figures in brackets are those of {base['name']} "
            f"({phrasing.number(base['customers'])}, members included). "
            f"With fewer than {LEAST_MEMBERS} members, nothing is concluded from a difference."
        ]
    beside = (
        f"Figures in brackets are those of {base['name']} ({phrasing.number(base['customers'])}, members included)."
    )
    if not facts["findings"]:
        return [beside, "Beyond the rule nothing sets them apart: what differs is small, or may be chance."]
    return [beside, "What sets them apart, beyond the rule:"]


def finding_points(facts: Facts) -> list[str]:
    """What distinguishes the members from the base, as sentences."""
    return [finding_sentence(one, facts) for one in facts["findings"][:FINDINGS_ON_TOP]]


def finding_sentence(one: Facts, facts: Facts) -> str:
    """`42 % respond mostly by e-mail, about twice as often as all buyers (21 %).`"""
    base = facts["base"]["name"]
    if one.get("count") == 0:
        return f"None of them {one['says']} ({base}: {phrasing.share(one['base_share'])})."
    if "share" in one:
        return (
            f"{phrasing.share(one['share'])} {one['says']}, {one['words']} as {base} "
            f"({phrasing.share(one['base_share'])})."
            if one["words"].endswith("as often")
            else f"{phrasing.share(one['share'])} {one['says']}: {_than(one['words'], base)} "
            f"({phrasing.share(one['base_share'])})."
        )
    measure = _measure(one["attribute"])
    own, others = (_amount(measure, one[name], facts["currency"]) for name in ("mean", "base_mean"))
    said = f"On average they {measure.verb.format(own)}"
    if one["mean"] == 0:
        return f"{said} ({base}: {others})."
    return f"{said}: {_than(_fitting(one['words'], measure), base)} ({others})."


def _fitting(difference: str, measure: Measure) -> str:
    """`twice as many` of what is counted, `twice as much` of what is measured."""
    if not measure.is_many:
        return difference
    return difference.replace("as much", "as many").removesuffix(" less") + (
        " fewer" if difference.endswith(" less") else ""
    )


def _than(difference: str, base: str) -> str:
    """Joins the words of a band to the name of the base."""
    if difference.endswith(("as often", "as much", "as many")):
        return f"{difference} as {base}"
    return (
        f"{difference} than {base}"
        if difference.endswith(("often", "more", "less", "fewer"))
        else f"{difference}; {base}"
    )


def mix_points(facts: Facts, theme: str, only: Sequence[str] | None = None) -> list[str]:
    """`Lifecycle stage: 46 % loyal (8 % of all buyers: more than five times as often), 30 % repeat (…).`"""
    points = []
    for mix in MIXES:
        if mix.theme != theme or (only is not None and mix.attribute not in only):
            continue
        if reason := facts["not_known"].get(mix.attribute):
            points.append(f"{mix.title}: not known: {reason}.")
            continue
        values = facts["mixes"][mix.attribute]
        if not values:
            continue
        shown = [one for one in values if one["count"]][:VALUES_SHOWN]
        # A value that they lack may be the finding.
        shown += [one for one in values if one["words"] and not one["follows_from_rule"] and one not in shown][:1]
        parts = [f"{phrasing.share(one['share'])} {mix.label(one['value'])}{_beside(one)}" for one in shown]
        known = values[0]["members"]
        coverage = "" if known == facts["size"]["members"] else f" (known for {phrasing.number(known)} members)"
        points.append(f"{mix.title}{coverage}: {'; '.join(parts)}{_follows(shown[0])}.")
    return points


def _beside(one: Facts) -> str:
    """The base's share, and the difference in words if it may be stated."""
    said = f": {one['words']}" if one["words"] and one["count"] and not one["follows_from_rule"] else ""
    return f" ({phrasing.share(one['base_share'])}{said})"


def _follows(one: Facts) -> str:
    return " (follows from the rule)" if one["follows_from_rule"] else ""


def _shares(facts: Facts, theme: str) -> list[str]:
    points = []
    for flag in FLAGS:
        if flag.theme != theme:
            continue
        if reason := facts["not_known"].get(flag.attribute):
            points.append(f"How many {flag.verb}: not known: {reason}.")
        elif (one := facts["flags"][flag.attribute]) and (one["count"] or one["words"]):
            points.append(f"{phrasing.share(one['share'])} {flag.verb}{_beside(one)}{_follows(one)}.")
    return points


def level_points(facts: Facts, theme: str, only: Sequence[str] | None = None) -> list[str]:
    points = []
    for measure in MEASURES:
        if measure.theme != theme or (only is not None and measure.attribute not in only):
            continue
        if reason := facts["not_known"].get(measure.attribute):
            points.append(f"{measure.title}: not known: {reason}.")
        elif one := facts["measures"][measure.attribute]:
            own, others = (_amount(measure, one[name], facts["currency"]) for name in ("mean", "base_mean"))
            is_said = one["words"] and one["mean"] and not one["follows_from_rule"]
            said = f": {_fitting(one['words'], measure)}" if is_said else ""
            head = " per head in 365 days" if theme == "earn" else ""
            points.append(f"{measure.title}{head}: {own} ({others}{said}){_follows(one)}.")
    return points


def _amount(measure: Measure, value: float, currency: str) -> str:
    if measure.unit == "money":
        return phrasing.money(value, currency)
    if measure.unit == "share":
        return phrasing.share(value)
    return f"{value:.1f} {measure.unit}"


def _measure(attribute: str) -> Measure:
    return next(one for one in MEASURES if one.attribute == attribute)


def demographic_points(facts: Facts) -> list[str]:
    found = facts["demographics"]
    if found["stage"] is None:
        return [
            "Age and region: not shown. They are published for whole lifecycle stages only, so that no small group "
            "is revealed, and these members are spread over several."
        ]
    points = []
    for dimension, title in (("age_band", "Age"), ("region", "Region")):
        cells = [one for one in found["cells"] if one["dimension"] == dimension and one["value"] != "unknown"]
        unknown = next(
            (one for one in found["cells"] if one["dimension"] == dimension and one["value"] == "unknown"), None
        )
        subject = f"{title} of all customers in the stage “{found['stage'].replace('_', ' ')}”"
        parts = [f"{phrasing.share(one['share'])} {one['value']}" for one in cells[:VALUES_SHOWN]]
        if unknown:
            parts.append(f"not known for {phrasing.share(unknown['share'])}")
        if not cells:
            parts.append("groups too small to show")
        points.append(f"{subject}: {', '.join(parts)}.")
    return points


def money_sentences(facts: Facts) -> list[str]:
    money, currency = facts["money"], facts["currency"]
    if reason := facts["not_known"].get("net_revenue_365d"):
        return [f"Not known: {reason}."]
    if not facts["has_buyers"]:
        return ["Nothing yet: they have never bought."]
    if money is None:
        return ["Not known: this version holds no margin of the segment."]
    rate, unserved = money["contribution_margin_rate"], facts["not_known"].get("service_cost_365d")
    coverage = money["cost_coverage"]
    if coverage is not None and coverage < LEAST_COST_COVERAGE:
        return [
            f"In 365 days they brought net revenue of {phrasing.money(money['net_revenue'], currency)}. Their "
            "contribution margin is not known: the cost of goods is known for only "
            f"{phrasing.share(coverage)} of their sales.",
            f"Returns took {phrasing.money(money['returns_amount'], currency)}, discounts "
            f"{phrasing.money(money['discounts'], currency)}.",
        ]
    said = [
        f"In 365 days they brought net revenue of {phrasing.money(money['net_revenue'], currency)} and a contribution "
        f"margin of {phrasing.money(money['contribution_margin'], currency)}"
        + (f", {phrasing.share(rate)} of it." if rate is not None and money["net_revenue"] > 0 else "."),
        f"Returns took {phrasing.money(money['returns_amount'], currency)}, discounts "
        f"{phrasing.money(money['discounts'], currency)}"
        + ("." if unserved else f", service {phrasing.money(money['service_cost'], currency)}."),
        *([f"Service cost is not known: {unserved}; the margin leaves it out."] if unserved else []),
    ]
    if coverage is not None and coverage < 1:
        said.append(
            f"The cost of goods is known for {phrasing.share(coverage)} of their sales; the margin looks "
            "better than it is."
        )
    return said


def reach_points(facts: Facts) -> list[str]:
    points = []
    for one in facts["reach"]:
        name = phrasing.through(one["channel"]).capitalize()
        if one["not_known"]:
            points.append(f"{name}: not known: {one['not_known']}.")
        elif not one["needs_consent"]:
            points.append(f"{name}: anyone who comes by; no consent is needed for it.")
        elif one["contactable"] is None:
            points.append(f"{name}: not known: consent for it is not recorded.")
        else:
            none = "; nobody has given consent, and unknown consent is no consent" if one["contactable"] == 0 else ""
            points.append(f"{name}: {phrasing.share_of(one['contactable'], one['members'])}{none}.")
    return points


def overlap_points(facts: Facts) -> list[str]:
    points = []
    for one in facts["overlaps"][:OVERLAPS_SHOWN]:
        first = ", which takes priority" if one["goes_first"] else ""
        points.append(f"{one['segment_name']}: {one['customers']:,} ({phrasing.share(one['share'])}){first}.")
    if rest := facts["overlaps"][OVERLAPS_SHOWN:]:
        points.append(f"{phrasing.counted(len(rest), 'more segment')} with a smaller overlap.")
    return points or ["None of its members is in another segment."]


def trend_sentences(facts: Facts) -> list[str]:
    found = facts["trend"]
    if found is None:
        return ["Evaluated on one day so far; a trend needs more."]
    if found["rule_changed"]:
        return ["Its rule has changed since the evaluation before; sizes under two rules are not compared."]
    first, last = phrasing.number(found["from"]), phrasing.number(found["to"])
    span = f"from {first} on {found['from_date']} to {last} on {found['to_date']}"
    if found["change"] == "same":
        return [f"It has stayed about the same: {span}."]
    return [f"It {found['change']} {span}."]


def _not_active(facts: Facts) -> list[Section]:
    library = facts["segment"]
    status = library["effective_status"]
    said = {
        "not_computable": "It cannot be computed in this version, so nobody is in it",
        "draft": "It is a draft: nobody is in it until it is approved and made active",
        "paused": "It is paused, so nobody is in it",
        "retired": "It is retired, so nobody is in it",
    }.get(status, f"Its status is “{str(status).replace('_', ' ')}”, so nobody is in it")
    sentences = [f"{said}."]
    if library.get("status_reason"):
        sentences.append(phrasing.sentence(str(library["status_reason"])))
    return [Section("In short", sentences)]


def _rule(facts: Facts) -> Section:
    library = facts["segment"]
    rule = library.get("rule_text") or "It has no rule."
    version = f"Version {library['rule_version']} of the rule." if library.get("rule_version") else ""
    return Section("Its rule", [phrasing.sentence(library["business_purpose"]), rule, *([version] if version else [])])


def _decision(facts: Facts) -> Section:
    library = facts["segment"]
    channels = [phrasing.channel(one) for one in str(library["channels"] or "").split("|") if one]
    points = [
        f"Next action: {phrasing.sentence(library['next_action'])}",
        f"Channels: {phrasing.joined(channels)}." if channels else "",
        f"Approved uses: {phrasing.sentence(library['approved_uses'])}",
        f"Success means: {phrasing.sentence(library['success_measure'])}",
        f"Review: {phrasing.sentence(library['review_rule'])}",
        f"Owner: {phrasing.sentence(library['owner'])}",
        approval_sentence(facts),
    ]
    risk = str(library.get("risk_class") or "none")
    if risk != "none":
        points.append(f"Risk class {risk.replace('_', ' ')}: it {RISKS.get(risk, 'needs one more approver')}.")
    return Section("What happens next", [], [point for point in points if point])


def approval_sentence(facts: Facts) -> str:
    """Whether it is approved, by which roles, and for which sizes."""
    status = str(facts["segment"].get("approval_status") or "none")
    said = APPROVALS.get(status, f"Approval: {status.replace('_', ' ')}")
    given = [row for row in facts["approvals"] if row.get("is_given")]
    roles = sorted({str(row["role"]).replace("_", " ") for row in given})
    if roles and status != "approved":
        said += f"; given by the {phrasing.joined(roles)}"
    lows = [int(row["count_low"]) for row in given if row.get("count_low") is not None]
    highs = [int(row["count_high"]) for row in given if row.get("count_high") is not None]
    if lows and highs:
        said += f", for sizes from {max(lows):,} to {min(highs):,}"
    return phrasing.sentence(said)
