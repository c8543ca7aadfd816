"""Briefs of segments, customers and campaigns: sentences from hand-made facts, and from a published demo."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts.__main__ import main
from scripts.platform.errors import UserError
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from scripts.serving.briefs import brief
from scripts.serving.briefs.campaign import campaign_brief, campaign_sections
from scripts.serving.briefs.campaign_facts import campaign_facts, ceiling_facts, holdout_facts, stands_out
from scripts.serving.briefs.customer import customer_brief, customer_sections
from scripts.serving.briefs.facts import segment_facts, trend
from scripts.serving.briefs.reading import CampaignFrames, open_published
from scripts.serving.briefs.segment import segment_brief, segment_sections, trend_sentences
from tests.support.brief_people import LIBRARY, frames_of, invented_people, with_members


def _quiet(_: str) -> None:
    """A progress that says nothing."""


def _texts(sections: list) -> dict[str, str]:
    return {one.title: " ".join([*one.sentences, *one.points]) for one in sections}


# ---- segments --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    people = invented_people(400, seed=3)
    return with_members(people, np.arange(0, 400, 5))


def test_a_segment_brief_states_its_numbers(drawn: pd.DataFrame) -> None:
    margin = {
        "gross_revenue_365d": 12000,
        "discounts_365d": 1500,
        "returns_amount_365d": 500,
        "net_revenue_365d": 10000,
        "service_cost_365d": 40,
        "contribution_margin_365d": 3700,
        "contribution_margin_rate_365d": 0.37,
        "cost_coverage": 0.9,
    }
    overlaps = [{"other_segment_key": "vip", "customer_count": 20, "share_of_segment": 0.25}]
    others = {"vip": {"segment_name": "VIP", "priority": 10, "is_suppression": False}}
    frames = frames_of(drawn, margin=margin, overlaps=overlaps, others=others)
    texts = _texts(segment_sections(segment_facts(frames)))
    assert "80 customers: 20 % of all 400 customers" in texts["In short"]
    assert texts["What they bring in"].startswith(
        "In 365 days they brought net revenue of 10,000 GBP and a contribution margin of 3,700 GBP, 37 % of it. "
        "Returns took 500.00 GBP, discounts 1,500 GBP, service 40.00 GBP. "
        "The cost of goods is known for 90 % of their sales; the margin looks better than it is."
    )
    assert "VIP: 20 (25 %), which takes priority." in texts["Other segments they are in"]
    contactable = int(drawn.loc[drawn["is_member"], "is_email_contactable"].sum())
    assert f"By e-mail: {contactable} of 80 ({contactable / 80:.0%}".replace("%", " %") in texts["Who may be contacted"]
    assert "On the web site: anyone who comes by" in texts["Who may be contacted"]
    assert "Next action: Send the test." in texts["What happens next"]


def test_a_source_that_is_off_is_unknown_and_never_zero(drawn: pd.DataFrame) -> None:
    people = drawn.copy()
    for attribute in ("has_open_complaint", "engagement_tier", "net_revenue_365d", "is_email_contactable"):
        people[attribute] = 0
    reasons = {
        "has_open_complaint": "source zendesk is off",
        "engagement_tier": "source klaviyo, web is off",
        "net_revenue_365d": "source shopify is off",
        "is_email_contactable": "source consent is off",
    }
    facts = segment_facts(frames_of(people, unavailable=reasons))
    assert (facts["mixes"]["engagement_tier"], facts["flags"]["has_open_complaint"]) == ([], None)
    assert facts["measures"]["net_revenue_365d"] is None and facts["reach"][0]["contactable"] is None
    texts = _texts(segment_sections(facts))
    assert "How many have an open complaint: not known: source zendesk is off." in texts["Service and returns"]
    assert "Engagement: not known: source klaviyo, web is off." in texts["What moves them"]
    assert texts["What they bring in"].startswith("Not known: source shopify is off.")
    assert "By e-mail: not known: source consent is off." in texts["Who may be contacted"]


def test_few_people_are_not_described_and_a_draft_has_no_members(drawn: pd.DataFrame) -> None:
    few = with_members(drawn, np.arange(9))
    texts = _texts(segment_sections(segment_facts(frames_of(few))))
    assert "Groups of fewer than 10 people are not described" in texts["In short"]
    assert set(texts) == {"In short", "Its rule", "Size over time", "What happens next"}
    some = _texts(segment_sections(segment_facts(frames_of(with_members(drawn, np.arange(29))))))
    assert "With fewer than 30 members, nothing is concluded" in some["In short"]
    draft = frames_of(few, library={**LIBRARY, "effective_status": "draft"})
    assert "It is a draft: nobody is in it" in _texts(segment_sections(segment_facts(draft)))["In short"]
    reason = "cannot be computed in this run: churn_propensity (the model churn has no fitted parameters yet)"
    off = frames_of(few, library={**LIBRARY, "effective_status": "not_computable", "status_reason": reason})
    assert "no fitted parameters" in _texts(segment_sections(segment_facts(off)))["In short"]


def test_what_the_rule_requires_is_no_finding() -> None:
    people = invented_people(400, seed=3)
    people["price_sensitivity"] = np.where(np.arange(400) < 60, "waits for offers", "pays full price")
    people = with_members(people, np.arange(60))
    found = segment_facts(frames_of(people))["findings"]
    assert [one["says"] for one in found if one["attribute"] == "price_sensitivity"] == ["wait for offers"]
    ruled = segment_facts(frames_of(people, rule_attributes=frozenset({"promoted_share"})))
    assert not [one for one in ruled["findings"] if one["attribute"] == "price_sensitivity"]
    assert "100 % wait for offers (15 %)" in _texts(segment_sections(ruled))["What moves them"]
    assert "(follows from the rule)" in _texts(segment_sections(ruled))["What moves them"]


def test_age_and_region_come_from_shown_cells_only() -> None:
    people = invented_people(400, seed=3)
    people["lifecycle_stage"] = np.where(np.arange(400) < 100, "lapsed", "loyal")
    shown = [("lapsed", "all", "all", 100), ("lapsed", "region", "London", 40), ("loyal", "region", "Wales", 99)]
    cells = [
        dict(zip(("value", "other_dimension", "other_value", "customer_count"), one, strict=True)) for one in shown
    ]
    one_stage = frames_of(with_members(people, np.arange(95)), demographics=cells)
    texts = _texts(segment_sections(segment_facts(one_stage)))["Who they are"]
    assert "Region of all customers in the stage “lapsed”: 40 % London." in texts
    assert "Age of all customers in the stage “lapsed”: groups too small to show." in texts
    assert "Wales" not in texts
    several = frames_of(with_members(people, np.arange(50, 150)), demographics=cells)
    texts = _texts(segment_sections(segment_facts(several)))["Who they are"]
    assert "Age and region: not shown." in texts and "London" not in texts


def test_a_trend_needs_two_days_of_one_rule_and_a_clear_change(drawn: pd.DataFrame) -> None:
    def of(*sizes: tuple[str, int, str]) -> list[str]:
        rows = [{"as_of_date": day, "customer_count": count, "rule_fingerprint": rule} for day, count, rule in sizes]
        return trend_sentences({"trend": trend(frames_of(drawn, sizes=rows))})

    assert of(("2026-06-30", 80, "a")) == ["Evaluated on one day so far; a trend needs more."]
    assert of(("2026-06-30", 400, "a"), ("2026-05-31", 300, "a")) == [
        "It grew from 300 on 2026-05-31 to 400 on 2026-06-30."
    ]
    assert of(("2026-05-31", 300, "a"), ("2026-06-30", 320, "a")) == [
        "It has stayed about the same: from 300 on 2026-05-31 to 320 on 2026-06-30."
    ]
    # Thirty per cent, but no more than chance explains for ten people.
    assert "about the same" in of(("2026-05-31", 10, "a"), ("2026-06-30", 13, "a"))[0]
    assert "rule has changed" in of(("2026-05-31", 300, "a"), ("2026-06-30", 400, "b"))[0]
    # A day after this version's is ignored.
    assert "one day" in of(("2026-06-30", 80, "a"), ("2026-07-01", 800, "a"))[0]


# ---- campaigns -------------------------------------------------------------------------------------------------------


def _campaign(people: pd.DataFrame, channel: str = "email", **others: object) -> CampaignFrames:
    empty = pd.DataFrame()
    parts = {"recommendations": empty, "products": empty, "primary": empty, **others}
    return CampaignFrames(frames_of(people), channel, **parts)  # type: ignore[arg-type]


def test_the_offer_ceiling_is_what_nine_in_ten_can_bear() -> None:
    people = pd.DataFrame({"max_affordable_discount_rate": np.arange(1, 101) / 100, "cost_coverage": 1.0})
    # 90 of 100 can bear 11 %, 91 can bear 10 %.
    assert ceiling_facts(people, {})["rate"] == 0.11
    assert ceiling_facts(people, {})["bear"]["0.30"] == 71
    people.loc[:14, "max_affordable_discount_rate"] = -0.2
    assert ceiling_facts(people, {})["rate"] == 0
    people["cost_coverage"] = 0.5
    assert "cost of what they bought is not known" in ceiling_facts(people, {})["not_known"]
    off = ceiling_facts(people, {"max_affordable_discount_rate": "source shopify is off"})
    assert (off["rate"], off["not_known"]) == (None, "source shopify is off")


@pytest.mark.parametrize("seed", range(30))
def test_the_ceiling_is_the_largest_whole_per_cent_that_nine_in_ten_can_bear(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rates = rng.uniform(-0.1, 0.7, int(rng.integers(10, 60)))
    people = pd.DataFrame({"max_affordable_discount_rate": rates, "cost_coverage": 1.0})
    bearable = [per_cent for per_cent in range(71) if (rates >= per_cent / 100).mean() >= 0.9]
    assert ceiling_facts(people, {})["rate"] == (bearable[-1] / 100 if bearable else 0)


def test_a_campaign_leaves_out_suppressed_and_complaining_members(drawn: pd.DataFrame) -> None:
    people = drawn.copy()
    people["is_email_contactable"] = True
    people["has_open_complaint"] = False
    people.loc[:20, "has_open_complaint"] = True  # members 0, 5, 10, 15, 20
    people["full_price_share"] = 0.5
    people.loc[people["is_member"], "full_price_share"] = [0.9] * 30 + [0.1] * 50
    suppressed = pd.DataFrame({"customer_id": people["customer_id"].iloc[[25, 30]], "segment_key": "stop"})
    frames = _campaign(people, primary=suppressed)
    frames.others = {"stop": {"segment_name": "Suppression", "is_suppression": True}}
    texts = _texts(campaign_sections(campaign_facts(frames)))
    assert "80 of 80 members (100 %) may be contacted by e-mail." in texts["Who may be contacted"]
    assert (
        "2 who are suppressed on this channel and 5 who have an open complaint; 73 remain"
        in texts["Who may be contacted"]
    )
    # Seven of the thirty full-price buyers have been left out already.
    assert "No discount to the 23 of 73 (32 %) who buy at least 80 % at full price" in texts["What to avoid"]
    assert "A holdout is needed" in texts["Holdout and measure"] and "15 customers" in texts["Holdout and measure"]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("has_open_cart", True, "help them finish"),
        ("full_price_share", 0.9, "full price; no discount in the subject line"),
        ("full_price_share", 0.05, "bundles and thresholds"),
        ("days_since_last_order", 300, "what is new since they were last here"),
        ("next_best_category", "Garden", "introduce Garden"),
        ("order_count", 0, "trust before price"),
    ],
)
def test_the_angle_follows_from_a_figure(drawn: pd.DataFrame, column: str, value: object, words: str) -> None:
    people = drawn.copy()
    plain = {
        "has_open_cart": False,
        "has_open_complaint": False,
        "full_price_share": 0.5,
        "days_since_last_order": 30,
        "order_count": 3,
    }
    people = people.assign(**plain, next_best_category=None)
    assert campaign_facts(_campaign(people))["campaign"]["angles"] == []
    people[column] = value
    (found,) = campaign_facts(_campaign(people))["campaign"]["angles"]
    assert words in found["angle"]


def test_no_campaign_without_contactable_members_or_to_a_suppression(drawn: pd.DataFrame) -> None:
    people = drawn.copy()
    people["is_email_contactable"] = False
    texts = _texts(campaign_sections(campaign_facts(_campaign(people))))
    assert "unknown consent is no consent" in texts["Who may be contacted"]
    frames = _campaign(people)
    frames.segment.library = {**LIBRARY, "is_suppression": True}
    assert set(_texts(campaign_sections(campaign_facts(frames)))) == {"No campaign"}


def test_a_holdout_states_the_smallest_detectable_effect() -> None:
    people = pd.DataFrame({"order_count_90d": [1] * 300 + [0] * 700})
    found = holdout_facts(people, 1000, {})
    assert found is not None and (found["held"], found["ordered"]) == (100, 300)
    # (1.96 + 0.84) standard errors of the difference of two shares of 30 %.
    assert found["smallest"] == pytest.approx(2.8 * (0.3 * 0.7 * (1 / 100 + 1 / 900)) ** 0.5, rel=0.01)
    assert holdout_facts(people, 9, {}) is None


def test_a_campaign_states_what_is_unknown(drawn: pd.DataFrame) -> None:
    names = ("has_open_complaint", "full_price_share", "email_received_count_90d", "has_pending_refund")
    people = drawn.assign(**dict.fromkeys((*names, "order_count_90d"), np.nan))
    frames = _campaign(people)
    frames.segment.unavailable = dict.fromkeys((*names, "order_count_90d"), "source shopify is off")
    texts = _texts(campaign_sections(campaign_facts(frames)))
    assert texts["What to avoid"].count("not known: source shopify is off") == 4
    assert "What it can detect is not known: source shopify is off." in texts["Holdout and measure"]
    assert " 0 " not in texts["What to avoid"] + texts["Holdout and measure"]


def test_a_favourite_time_stands_out_from_an_even_spread() -> None:
    assert stands_out(40, 100, 1 / 7)
    assert not stands_out(20, 100, 1 / 7)
    assert not stands_out(20, 29, 1 / 7)


# ---- customers -------------------------------------------------------------------------------------------------------

CUSTOMER = {
    "customer_id": "abc",
    "as_of_date": "2026-06-30",
    "currency": "GBP",
    "features": {
        "customer_type": "person",
        "days_since_first_seen": 365,
        "lifecycle_stage": "at_risk",
        "days_in_lifecycle_stage": 12,
        "rfm_group": "loyal",
        "order_count": 4,
        "order_count_365d": 2,
        "first_order_date": "2025-07-01",
        "last_order_date": "2026-02-01",
        "days_since_last_order": 149,
        "favourite_category": "Garden",
        "favourite_category_share": 0.62,
        "second_category": "Home",
        "preferred_order_channel": "online",
        "average_order_value": 80,
        "units_per_order": 2.0,
        "full_price_share": 0.9,
        "price_sensitivity": "pays full price",
        "net_revenue": 300,
        "contribution_margin": 90,
        "contribution_margin_rate": 0.3,
        "net_revenue_365d": 150,
        "contribution_margin_365d": 40,
        "cost_coverage": 1.0,
        "max_affordable_discount_rate": 0.256,
        "expected_interval_days": 60.2,
        "interval_basis": "own",
        "engagement_tier": "none",
        "ticket_count_365d": 1,
        "complaint_count_365d": 1,
        "latest_ticket_topic": "size_fit",
        "is_email_contactable": True,
        "is_sms_contactable": False,
    },
    "not_known": {"churn_propensity": "the model churn has no fitted parameters yet"},
    "value": {
        "value_scope": "modelled",
        "predicted_value_12m": 120,
        "predicted_margin_12m": 35,
        "predicted_value_12m_low": 0,
        "predicted_value_12m_high": 310,
        "expected_orders_365d": 1.6,
        "p_alive": 0.71,
    },
    "revenue_rank": 0.8,
    "segments": [
        {"segment_name": "Full price", "entered_date": "2026-05-01", "why": "full price share 0.9 (at least 0.8)"},
    ],
    "primary": {"all": "full", "sms": "other", "email": "full"},
    "library": {
        "full": {"segment_name": "Full price", "next_action": "Show what is new", "is_suppression": False},
        "other": {"segment_name": "Other", "next_action": "Send a text", "is_suppression": False},
    },
    "recommendations": [],
    "suppressions": [{"channel": "sms", "reason": "opted_out"}],
}


def test_a_margin_without_costs_is_not_known_in_briefs(drawn: pd.DataFrame) -> None:
    one = copy.deepcopy(CUSTOMER)
    unknown = ("contribution_margin", "contribution_margin_rate", "contribution_margin_365d")
    one["features"] |= dict.fromkeys((*unknown, "max_affordable_discount_rate"))
    one["features"] |= {"cost_coverage": 0.4, "full_price_share": 0.2}
    one["value"]["predicted_margin_12m"] = None
    texts = _texts(customer_sections(one))
    assert "net revenue of 300.00 GBP and a contribution margin that is not known to date" in texts["In short"]
    assert "in 365 days 150.00 GBP. The cost is known for only 40 % of what they bought." in texts["In short"]
    assert "No discount based on their margin" in texts["What not to do"]
    assert "net revenue of 120.00 GBP in the next 12 months" in texts["What is expected"]
    margin = {
        **{"gross_revenue_365d": 12000, "discounts_365d": 1500, "returns_amount_365d": 500, "net_revenue_365d": 10000},
        **{"service_cost_365d": 40, "contribution_margin_365d": 9960, "contribution_margin_rate_365d": 0.996},
        "cost_coverage": 0.4,
    }
    texts = _texts(segment_sections(segment_facts(frames_of(drawn, margin=margin))))
    assert "contribution margin is not known: the cost of goods is known for only 40 %" in texts["What they bring in"]
    assert "9,960" not in texts["What they bring in"]


def test_a_customer_brief_states_what_is_known() -> None:
    texts = _texts(customer_sections(CUSTOMER))
    assert texts["In short"] == (
        "A customer, known since 2025-06-30, in the lifecycle stage “at risk” for 12 days and the RFM group “loyal”. "
        "4 orders since 2025-07-01, 2 of them in 365 days, the last on 2026-02-01 (149 days ago). "
        "Buys mostly Garden (62 % of product revenue), then Home, mostly online. Spends 80.00 GBP an order, 2 units. "
        "90 % of it at full price (they pay full price). "
        "Has brought net revenue of 300.00 GBP and a contribution margin of 90.00 GBP (30 %) to date, more net revenue "
        "than 80 % of all buyers; in 365 days 150.00 GBP and 40.00 GBP."
    )
    assert "in eight cases out of ten it is between 0.00 GBP and 310.00 GBP" in texts["What is expected"]
    assert "Whether they are about to leave is not predicted: the model churn has no" in texts["What is expected"]
    scored = {**CUSTOMER, "features": {**CUSTOMER["features"], "churn_propensity": 0.85}, "not_known": {}}
    for status, said in (
        ("usable", "The churn model puts the probability of no order within its horizon at 85 %."),
        (
            "ranking_only",
            "The churn model ranks them above 85 % of the customers it covers; it gives no probabilities.",
        ),
    ):
        expected = _texts(customer_sections({**scored, "models": {"churn": status}}))["What is expected"]
        assert said in expected and expected.count("churn model") == 1
    assert texts["Service"] == "1 ticket in 365 days, 1 complaint among them, the latest about size and fit."
    assert texts["Segments, and why"] == "Full price, since 2026-05-01: full price share 0.9 (at least 0.8)."
    # They may not be sent text messages, so the segment with priority there is not named.
    assert texts["What to do next"] == "“Full price” takes priority: Show what is new."
    assert "No marketing by text message: opted out." in texts["What not to do"]
    assert "No discount: 90 % is bought at full price anyway." in texts["What not to do"]


def test_a_customer_about_whom_little_is_known() -> None:
    facts = copy.deepcopy(CUSTOMER)
    facts["features"] |= {"full_price_share": 0.2, "has_open_complaint": True}
    facts["not_known"] = {"ticket_count_365d": "source zendesk is off", "order_count": "source shopify is off"}
    facts["value"] = None
    texts = _texts(customer_sections(facts))
    assert "Orders: not known: source shopify is off." in texts["In short"]
    assert texts["Service"] == "Not known: source zendesk is off."
    assert "No purchase model is fitted" in texts["What is expected"]
    assert "No discount above 25 %" in texts["What not to do"]
    assert "No selling while the complaint is open." in texts["What not to do"]


# ---- a published demo ------------------------------------------------------------------------------------------------


def test_briefs_of_the_demo_agree_with_its_marts(demo_workspace: Workspace) -> None:
    with open_published(demo_workspace) as published:
        sizes = {row["segment_key"]: row for row in published.rows("segment_library")}
        margins = {row["segment_key"]: row for row in published.rows("segment_margin")}
    for key in ("high_value_repeat", "lapsed"):
        facts = brief(demo_workspace, segment=key, progress=_quiet).facts
        assert facts["size"]["members"] == sizes[key]["customer_count"]
        # The mean per member, times the members, is the segment's total.
        mean = facts["measures"]["net_revenue_365d"]["mean"]
        assert mean * facts["size"]["members"] == pytest.approx(float(margins[key]["net_revenue_365d"]), abs=0.01)


def test_the_same_workspace_gives_the_same_text(demo_workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--warehouse", str(demo_workspace.warehouse)]
    texts = []
    for _ in range(2):
        assert main(["brief", "--campaign-for", "high_value_repeat", *place]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    assert re.search(r"At most \d+ % off list price", texts[0])


def test_json_holds_the_facts_and_a_page_is_self_contained(
    demo_workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--warehouse", str(demo_workspace.warehouse)]
    assert main(["brief", "--segment", "lapsed", "--json", *place]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["facts"]["size"]["members"] > 0 and "In short" in found["text"]
    assert main(["brief", "--segment", "lapsed", "--out", str(tmp_path / "lapsed.html"), *place]) == 0
    page = (tmp_path / "lapsed.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "Segment: Lapsed customers" in page


def test_a_brief_of_every_kind_of_customer_holds_no_identifier(demo_workspace: Workspace) -> None:
    with open_warehouse(demo_workspace.published.resolve() / "marts.duckdb", read_only=True) as connection:
        ids = connection.execute(
            "select min(customer_id) from customer_features group by customer_type, lifecycle_stage order by 1"
        ).fetchall()
    with open_warehouse(demo_workspace.warehouse, read_only=True) as connection:
        contacts = connection.execute("select customer_id, email, phone from pii.contacts").fetchall()
    known = {customer_id: [text for text in rest if text] for customer_id, *rest in contacts}
    assert len(ids) > 5
    with open_published(demo_workspace) as published:
        texts = {customer_id: customer_brief(published, customer_id).markdown() for (customer_id,) in ids}
    for customer_id, text in texts.items():
        assert "@" not in text and "None" not in text and "nan" not in text.lower().split()
        assert not [one for one in known.get(customer_id, []) if one in text]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"segment": "lapsd"}, "did you mean `lapsed`?"),
        ({"customer": "someone@example.com"}, "not by a name or an address"),
        ({"customer": "ffffffffffff"}, "is not in the published version"),
        ({"campaign_for": "lapsed", "channel": "pigeon"}, "channel `pigeon` is not known"),
        ({}, "name what to describe"),
        ({"segment": "lapsed", "channel": "email"}, "--channel: only a campaign has a channel"),
    ],
)
def test_incorrect_use_gets_one_clear_line(demo_workspace: Workspace, asked: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)) as problem:
        brief(demo_workspace, **asked, progress=_quiet)  # type: ignore[arg-type]
    assert "example.com" not in str(problem.value)


def test_nothing_published_is_reported_clearly(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing is published"):
        brief(Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb")), segment="lapsed", progress=_quiet)


def test_briefs_work_where_marts_are_missing(drawn: pd.DataFrame) -> None:
    """A version without margins, recommendations and sizes still yields a brief that says so."""
    texts = _texts(segment_brief(frames_of(drawn), "").sections)
    assert "Not known: this version holds no margin" in texts["What they bring in"]
    texts = _texts(campaign_brief(_campaign(drawn), "").sections)
    assert "Stock is not known" in texts["What to avoid"]
    assert "No product is recommended" in texts["What to show"]
