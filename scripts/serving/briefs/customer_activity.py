"""A customer's predictions, engagement and service history, in sentences."""

from __future__ import annotations

from scripts.serving.briefs import phrasing
from scripts.serving.briefs.facts import Facts
from scripts.serving.briefs.traits import ANSWERS, CONSENTS, TOPICS

BASIS = {
    "own": "their own pace",
    "category": "the pace of buyers of their favourite category",
    "everyone": "the pace of all buyers",
}
SCOPES = {
    "no_order": "They have never bought, so the purchase model predicts nothing for them.",
    "not_a_person": "The purchase model covers people, not this kind of account.",
    "unusual_volume": "They buy more than anybody the purchase model was fitted to; it predicts nothing for them.",
    "no_model": "No purchase model is fitted, so nothing is predicted (`python -m scripts fit clv`).",
}


def prediction_sentences(facts: Facts) -> list[str]:
    """What the models expect and how sure they are; says so where there is no model."""
    one, value, currency = facts["features"], facts["value"], facts["currency"]
    sentences = _interval(one) if one.get("order_count") else []
    scope = (value or {}).get("value_scope") or "no_model"
    if value is None or scope != "modelled" or value.get("predicted_value_12m") is None:
        sentences.append(SCOPES.get(scope, SCOPES["no_model"]))
    else:
        low, high = value.get("predicted_value_12m_low"), value.get("predicted_value_12m_high")
        between = ""
        if low is not None and high is not None:
            between = (
                f"; in eight cases out of ten it is between {phrasing.money(float(low), currency)} and "
                f"{phrasing.money(float(high), currency)}"
                if float(high) > 0
                else "; in nine cases out of ten it is nothing"
            )
        margin = value.get("predicted_margin_12m")
        sentences.append(
            f"The purchase model expects "
            f"net revenue of {phrasing.money(float(value['predicted_value_12m']), currency)}"
            + ("" if margin is None else f" and a margin of {phrasing.money(float(margin), currency)}")
            + f" in the next 12 months{between}."
        )
        sentences.append(
            f"It expects {_few(value['expected_orders_365d'])} in 365 days and puts the probability "
            f"that they are still a customer at {phrasing.share(value['p_alive'])}"
            + (" (as for every one-time buyer)." if value["p_alive"] == 1 else ".")
        )
    sentences += _churn(facts)
    return sentences


def _interval(one: Facts) -> list[str]:
    interval = one.get("expected_interval_days")
    if interval is None:
        return []
    basis = BASIS.get(str(one.get("interval_basis")), "")
    sentences = [f"An order is expected every {phrasing.counted(round(interval), 'day')} ({basis})."]
    expected, days = one.get("expected_order_date"), one.get("expected_order_in_days")
    if expected is None or days is None:
        return sentences
    if days >= 0:
        window = ""
        if one.get("order_window_start_date") is not None and one.get("order_window_end_date") is not None:
            window = (
                f"; half of all such orders come between {phrasing.day(one['order_window_start_date'])} and "
                f"{phrasing.day(one['order_window_end_date'])}"
            )
        sentences.append(f"The next is expected around {phrasing.day(expected)}{window}.")
    else:
        sentences.append(
            f"The next was expected around {phrasing.day(expected)}, {phrasing.counted(-days, 'day')} ago."
        )
    return sentences


def _churn(facts: Facts) -> list[str]:
    one = facts["features"]
    if reason := facts["not_known"].get("churn_propensity"):
        return [f"Whether they are about to leave is not predicted: {reason}."]
    if one.get("churn_propensity") is None:
        return ["The churn model does not score them: never bought, already lapsed, or not a person."]
    probability = phrasing.share(one["churn_propensity"])
    if facts["models"].get("churn") == "ranking_only":
        return [
            f"The churn model ranks them above {probability} of the customers it covers; it gives no probabilities."
        ]
    return [f"The churn model puts the probability of no order within its horizon at {probability}."]


def engagement_sentences(facts: Facts) -> list[str]:
    one, not_known = facts["features"], facts["not_known"]
    sentences = []
    if reason := not_known.get("engagement_tier"):
        sentences.append(f"Not known: {reason}.")
    else:
        tier = str(one.get("engagement_tier"))
        trend = f", {one['engagement_trend']}" if one.get("engagement_trend") else ""
        sentences.append(f"{'No' if tier == 'none' else tier.capitalize()} engagement{trend}.")
        if one.get("channel_preference") in ANSWERS:
            verb = ANSWERS[str(one["channel_preference"])]
            sentences.append(f"In 180 days they {verb}.")
    if reason := not_known.get("email_received_count_90d"):
        sentences.append(f"E-mail: not known: {reason}.")
    elif one.get("email_received_count_90d"):
        sentences.append(
            f"{phrasing.counted(one['email_received_count_90d'], 'e-mail')} in 90 days, "
            f"{phrasing.number(one['email_human_open_count_90d'])} opened by a person, "
            f"{phrasing.counted(one['email_click_count_90d'], 'click')}."
        )
    if reason := not_known.get("visit_count_90d"):
        sentences.append(f"Web site: not known: {reason}.")
    elif one.get("visit_count_90d"):
        visits, last = phrasing.counted(one["visit_count_90d"], "visit"), _ago(one["days_since_last_visit"])
        text = f"{visits} in 90 days, the last {last}"
        if one.get("favourite_viewed_category_90d"):
            text += f"; looked mostly at {one['favourite_viewed_category_90d']}"
        sentences.append(f"{text}.")
        if one.get("has_open_cart"):
            sentences.append("There is an open cart.")
    if one.get("favourite_email_weekday_180d") and one.get("favourite_email_hour_180d") is not None:
        sentences.append(
            f"Opens e-mails mostly on a {one['favourite_email_weekday_180d']} around "
            f"{int(one['favourite_email_hour_180d'])}:00 (business time zone)."
        )
    if one.get("loyalty_tier"):
        points = one.get("loyalty_points_balance")
        balance = f", {phrasing.counted(points, 'point')} to spend" if points is not None else ""
        sentences.append(f"Loyalty tier {one['loyalty_tier']}{balance}.")
    may = [phrasing.channel(channel) for channel, flag in CONSENTS.items() if one.get(flag)]
    sentences.append(f"May be contacted by {phrasing.joined(may)}." if may else "May not be contacted on any channel.")
    return sentences


def service_sentences(facts: Facts) -> list[str]:
    one = facts["features"]
    if reason := facts["not_known"].get("ticket_count_365d"):
        return [f"Not known: {reason}."]
    sentences = []
    if one.get("has_open_complaint"):
        sentences.append("A complaint is open.")
    if one.get("open_ticket_count"):
        age = one.get("oldest_open_ticket_days")
        since = f", the oldest for {phrasing.counted(age, 'day')}" if age is not None else ""
        sentences.append(f"{phrasing.counted(one['open_ticket_count'], 'open ticket')}{since}.")
    if one.get("has_pending_refund"):
        sentences.append("Waiting for a refund.")
    if one.get("ticket_count_365d"):
        topic = str(one.get("latest_ticket_topic") or "")
        about = f", the latest about {TOPICS.get(topic, topic.replace('_', ' '))}" if topic else ""
        sentences.append(
            f"{phrasing.counted(one['ticket_count_365d'], 'ticket')} in 365 days, "
            f"{phrasing.counted(one['complaint_count_365d'], 'complaint')} among them{about}."
        )
    elif not sentences:
        sentences.append("Nothing open; no ticket in 365 days.")
    if one.get("average_satisfaction_365d") is not None:
        sentences.append(f"Rates us {one['average_satisfaction_365d']:.1f} of 5 in 365 days.")
    if one.get("latest_nps_score") is not None:
        sentences.append(f"Latest NPS answer: {phrasing.number(one['latest_nps_score'])} of 10.")
    return sentences


def _few(purchases: float) -> str:
    return f"{purchases:.1f} purchases" if purchases >= 0.05 else "hardly any purchase"


def _ago(days: float) -> str:
    return "today" if days == 0 else "yesterday" if days == 1 else f"{phrasing.number(days)} days ago"
