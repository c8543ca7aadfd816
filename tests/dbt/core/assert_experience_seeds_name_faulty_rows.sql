-- One row per faulty row of topic_keywords, sentiment_words or loyalty_tiers not named with words that help.
-- noqa: disable=LT02,LT05
{%- set keyword = {'topic': 'delivery', 'language': 'en', 'words': 'where * parcel*', 'weight': '2'} -%}
{%- set word = {'sentiment': 'negative', 'language': 'en', 'words': 'doesnt work'} -%}
{%- set tier = {'tier': 'gold', 'threshold': '1000', 'measure': 'points_earned_365d', 'points_expiry_days': '730'} -%}
{%- set changes = [
    ['topic', {}, none],
    ['topic', {'words': 'größe*'}, none],
    ['topic', {'topic': 'Late parcels'}, 'small letters joined by underscores'],
    ['topic', {'topic': 'other'}, 'other is what no keyword speaks for'],
    ['topic', {'words': ''}, 'words is empty'],
    ['topic', {'words': '(refund'}, "words cannot be '(refund'; write small letters"],
    ['topic', {'words': 'Refund'}, "words cannot be 'Refund'"],
    ['topic', {'words': "won't"}, 'no punctuation'],
    ['topic', {'words': '50%'}, "words cannot be '50%'"],
    ['topic', {'words': "x' or '1' = '1"}, 'words cannot be'],
    ['topic', {'words': '* parcel'}, 'but not first'],
    ['topic', {'words': 're*'}, 'three letters before a *'],
    ['topic', {'words': 'a'}, 'in almost every text'],
    ['topic', {'weight': '0'}, "weight is '0'; write 1"],
    ['topic', {'weight': 'high'}, "weight is 'high'"],
    ['topic', {'language': 'english'}, 'two letters such as en'],
    ['sentiment', {}, none],
    ['sentiment', {'sentiment': 'neutral'}, "sentiment is 'neutral'; write positive or negative"],
    ['sentiment', {'words': 'no,good'}, 'words cannot be'],
    ['tier', {}, none],
    ['tier', {'threshold': '0', 'points_expiry_days': ''}, none],
    ['tier', {'tier': 'Gold'}, 'small letters'],
    ['tier', {'tier': ''}, "tier is ''"],
    ['tier', {'threshold': '1,000'}, "threshold is '1,000'"],
    ['tier', {'measure': 'orders'}, "measure is 'orders'; there are points_earned_365d, net_revenue_365d"],
    ['tier', {'points_expiry_days': 'never'}, "or nothing when they never do"]
] -%}
{%- set missed = [] -%}
{%- for kind, change, wanted in changes %}
    {%- if kind == 'topic' %}{% set faults = topic_faults([dict(keyword, **change)], []) %}
    {%- elif kind == 'sentiment' %}{% set faults = topic_faults([], [dict(word, **change)]) %}
    {%- else %}{% set faults = loyalty_tier_faults([dict(tier, **change)]) %}{% endif %}
    {%- set words = faults | map(attribute='reason') | join('; ') ~ '; ' ~ faults | map(attribute='suggestion') | join('; ') %}
    {%- if (wanted is none and faults) or (wanted is not none and (faults | length != 1 or wanted not in words)) %}
        {%- do missed.append({'changed_cells': kind ~ change, 'wanted': wanted | string, 'found': words}) %}
    {%- endif %}
{%- endfor %}
{%- for found, wanted in [
    [topic_faults([keyword, keyword], []), 'stands there twice for delivery'],
    [loyalty_tier_faults([tier, dict(tier, tier='silver')]), 'threshold 1000 stands there twice'],
    [loyalty_tier_faults([tier, dict(tier, threshold='1')]), 'gold stands there twice'],
    [loyalty_tier_faults([tier, dict(tier, tier='silver', threshold='1', measure='net_revenue_365d')]), 'write the same for every tier']
] %}
    {%- set words = found | map(attribute='reason') | join('; ') ~ '; ' ~ found | map(attribute='suggestion') | join('; ') %}
    {%- if found | length != 1 or wanted not in words %}
        {%- do missed.append({'changed_cells': 'two rows', 'wanted': wanted, 'found': words}) %}
    {%- endif %}
{%- endfor %}
with missed as (
    {{ literal_rows({
        'changed_cells': dbt.type_string(),
        'wanted': dbt.type_string(),
        'found': dbt.type_string()
    }, missed) }}

)

select * from missed
