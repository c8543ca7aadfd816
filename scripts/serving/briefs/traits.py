"""The attributes of customer_features that briefs use, with the words for their values. No thresholds here."""

from __future__ import annotations

from dataclasses import dataclass, field

PLACES = {"online": "online", "store": "in the store", "marketplace": "at a marketplace", "mail_order": "by mail order"}
PLACES["phone"] = "by phone"
ANSWERS = {
    "email": "respond mostly by e-mail",
    "sms": "respond mostly to text messages",
    "web": "come mostly to the web site",
    "store": "come mostly to the store",
}
PARTS_OF_DAY = {
    "morning": "in the morning (6 to 12)",
    "afternoon": "in the afternoon (12 to 18)",
    "evening": "in the evening (18 to 24)",
    "night": "at night (0 to 6)",
}
SENSITIVITY = {
    "waits for offers": "wait for offers",
    "likes offers": "like offers",
    "buys either way": "buy with or without an offer",
    "pays full price": "pay full price",
}
TOPICS = {
    "return_refund": "returns and refunds",
    "product_quality": "product quality",
    "size_fit": "size and fit",
    "order_change": "changes to an order",
    "payment_billing": "payment and bills",
}
REASONS = {"changed_mind": "a change of mind", "not_as_described": "not as described", "late": "late delivery"}
PRICE_RULES = frozenset(
    ("promoted_share", "full_price_share", "promoted_order_share", "price_sensitivity", "price_sensitivity_score")
)
ORDER_RULES = frozenset(
    (
        "days_since_last_order",
        "days_since_first_order",
        "days_before_last_order",
        "order_count",
        "order_count_30d",
        "order_count_90d",
        "order_count_180d",
        "order_count_365d",
        "order_count_730d",
        "overdue_ratio",
        "rfm_group",
        "lifecycle_stage",
        "days_since_last_comeback",
        "lifetime_value_total",
    )
)
ENGAGEMENT_RULES = frozenset(
    (
        "has_high_email_engagement",
        "email_human_open_count_30d",
        "email_human_open_count_90d",
        "email_click_count_90d",
        "product_view_count_30d",
        "visit_count_30d",
        "visit_count_90d",
        "days_since_last_engagement",
        "days_since_last_activity",
        "page_view_count_7d",
        "product_view_count_7d",
        "cart_addition_count_7d",
        "days_since_last_cart_addition",
        "has_open_cart",
        "engagement_tier",
        "days_since_last_visit",
        "web_day_count_30d",
        "days_since_last_product_view",
    )
)
OPINION_RULES = frozenset(
    ("latest_nps_score", "lowest_nps_90d", "nps_group", "good_satisfaction_count_365d", "worst_satisfaction_90d")
)
RETURN_RULES = frozenset(("size_return_count_180d", "unit_return_rate", "returned_order_count"))
SERVICE_RULES = frozenset(("has_open_complaint", "has_open_issue", "open_ticket_count", "complaint_count_365d"))


@dataclass(frozen=True)
class Mix:
    """Values of a text attribute. `verb` makes a sentence of one: `are in the stage {}`.

    `missing` names null where it counts as a value; otherwise shares are of those who have one.
    `follows` names rule attributes that determine the mix, so that it is no finding.
    """

    attribute: str
    theme: str
    title: str
    verb: str
    words: dict[str, str] = field(default_factory=dict)
    missing: str = ""
    follows: frozenset[str] = frozenset()
    labels: dict[str, str] = field(default_factory=dict)

    def says(self, value: str) -> str:
        return self.verb.format(self.words.get(value, value.replace("_", " ")))

    def label(self, value: str) -> str:
        """The value in a list."""
        return self.labels.get(value) or self.words.get(value, value.replace("_", " "))


@dataclass(frozen=True)
class Flag:
    """How many have something: a boolean that is true, or a number above 0. `verb` makes a sentence: `have a cart`."""

    attribute: str
    theme: str
    verb: str
    follows: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Measure:
    """A mean. `unit`: money, share, or what is counted, in the plural. `verb` makes a sentence with {} for the mean."""

    attribute: str
    theme: str
    title: str
    unit: str
    verb: str
    follows: frozenset[str] = frozenset()
    # Whether more of it is `as many` rather than `as much`.
    is_many: bool = True


MIXES = (
    Mix("lifecycle_stage", "who", "Lifecycle stage", "are in the lifecycle stage “{}”", follows=ORDER_RULES),
    Mix("rfm_group", "who", "RFM group", "belong to the RFM group “{}”", follows=ORDER_RULES),
    Mix("favourite_category", "bought", "Favourite category", "have {} as their favourite category"),
    Mix("preferred_order_channel", "bought", "Where they order", "order mostly {}", PLACES),
    Mix("price_sensitivity", "moves", "Price", "{}", SENSITIVITY, follows=PRICE_RULES),
    Mix(
        "engagement_tier",
        "moves",
        "Engagement",
        "have {} engagement",
        {"none": "no"},
        labels={"none": "none"},
        follows=ENGAGEMENT_RULES,
    ),
    Mix(
        "engagement_trend", "moves", "Engagement of the last 30 days", "are {} in engagement", follows=ENGAGEMENT_RULES
    ),
    Mix(
        "channel_preference",
        "moves",
        "Where they respond",
        "{}",
        ANSWERS | {"nowhere": "did not respond anywhere in 180 days"},
        missing="nowhere",
        follows=ENGAGEMENT_RULES,
    ),
    Mix("favourite_device_90d", "moves", "Device", "visit mostly by {}", {"app": "the app"}),
    Mix("favourite_order_weekday", "moves", "Weekday of their orders", "order mostly on a {}"),
    Mix("favourite_order_daypart", "moves", "Time of their orders", "order mostly {}", PARTS_OF_DAY),
    Mix(
        "main_return_reason_365d",
        "service",
        "Main reason for returns in 365 days",
        "sent goods back mainly for {}",
        REASONS,
        follows=RETURN_RULES,
    ),
    Mix("latest_ticket_topic", "service", "What their latest ticket was about", "asked last about {}", TOPICS),
    Mix(
        "nps_group",
        "service",
        "Latest NPS answer",
        "are {}s by their latest NPS answer",
        follows=OPINION_RULES,
    ),
)
FLAGS = (
    Flag("has_open_complaint", "service", "have an open complaint", SERVICE_RULES),
    Flag("has_open_issue", "service", "have an open ticket", SERVICE_RULES),
    Flag("has_pending_refund", "service", "wait for a refund"),
    Flag("complaint_count_365d", "service", "complained in 365 days", SERVICE_RULES),
    Flag("ticket_count_365d", "service", "asked for help in 365 days", SERVICE_RULES),
    Flag("has_open_cart", "moves", "have an open cart", ENGAGEMENT_RULES),
    Flag("used_offer_count_365d", "moves", "used an offer in 365 days", ORDER_RULES),
    Flag("comeback_count", "who", "came back at least once after 180 days or more"),
    Flag("loyalty_card_count", "who", "are in the loyalty programme"),
)
MEASURES = (
    Measure("order_count_365d", "bought", "Orders in 365 days", "orders", "placed {} in 365 days", ORDER_RULES),
    Measure(
        "average_order_value_365d", "bought", "Order value in 365 days", "money", "spend {} an order", is_many=False
    ),
    Measure("units_per_order", "bought", "Units per order", "units", "take {} an order"),
    Measure("category_count", "bought", "Categories bought in", "categories", "bought in {}", ORDER_RULES),
    Measure("full_price_share", "moves", "Bought at full price", "share", "buy {} at full price", PRICE_RULES, False),
    Measure(
        "offer_response_rate_365d", "moves", "Offers used", "share", "use {} of the offers sent to them", ORDER_RULES
    ),
    Measure("visit_count_90d", "moves", "Visits in 90 days", "visits", "made {} in 90 days", ENGAGEMENT_RULES),
    Measure(
        "email_open_rate_90d", "moves", "E-mails opened in 90 days", "share", "open {} of our e-mails", ENGAGEMENT_RULES
    ),
    Measure(
        "net_revenue_365d",
        "earn",
        "Net revenue",
        "money",
        "bring net revenue of {} per head in 365 days",
        is_many=False,
    ),
    Measure(
        "contribution_margin_365d",
        "earn",
        "Contribution margin",
        "money",
        "leave a margin of {} per head in 365 days",
        is_many=False,
    ),
    Measure("returns_amount_365d", "earn", "Returns", "money", "send back {} per head in 365 days", is_many=False),
    Measure(
        "service_cost_365d", "earn", "Service cost", "money", "cost {} of service per head in 365 days", is_many=False
    ),
    Measure(
        "unit_return_rate",
        "service",
        "Units that come back",
        "share",
        "send back {} of the units they buy",
        RETURN_RULES,
    ),
    Measure(
        "average_satisfaction_365d",
        "service",
        "Satisfaction in 365 days (1 to 5)",
        "stars",
        "rate us {} in 365 days",
        OPINION_RULES,
        False,
    ),
)
# Consent that a channel needs; WITHOUT_CONSENT lists those that need none (the site and the till serve any visitor).
CONSENTS = {
    "email": "is_email_contactable",
    "sms": "is_sms_contactable",
    "ads": "is_ads_contactable",
    "direct_mail": "is_post_contactable",
    "phone": "is_phone_contactable",
}
WITHOUT_CONSENT = ("onsite", "store", "service")
COLUMNS = tuple(
    dict.fromkeys(
        [
            "customer_id",
            "customer_type",
            "order_count",
            *(one.attribute for one in (*MIXES, *FLAGS, *MEASURES)),
            *CONSENTS.values(),
            "max_affordable_discount_rate",
            "cost_coverage",
            "days_since_last_order",
            "days_since_first_order",
            "order_count_90d",
            "email_received_count_90d",
            "next_best_category",
            "favourite_email_weekday_180d",
            "favourite_email_hour_180d",
            "favourite_visit_weekday_90d",
            "favourite_visit_hour_90d",
        ]
    )
)
