-- Grain: one row per customer: the type of customer, and the rule of customer_type_rules that applied.
with spine as (

    select * from {{ ref('int_customer_spine') }}

),

facts as (

    select * from {{ ref('int_customer_type_facts') }}

),

rules as (
    {{ literal_rows({
        'rule_key': dbt.type_string(),
        'customer_type': dbt.type_string(),
        'priority': 'int',
        'looks_at': dbt.type_string(),
        'word_pattern': dbt.type_string(),
        'at_least': 'double'
    }, customer_type_patterns()) }}

),

matches as (

    select
        facts.customer_id,
        rules.customer_type,
        rules.rule_key,
        rules.priority

    from facts
    inner join rules
        on facts.looks_at = rules.looks_at
    where facts.word like rules.word_pattern escape '!' or facts.amount >= rules.at_least

),

ranked as (

    select
        matches.*,
        row_number() over (partition by customer_id order by priority, rule_key) as place

    from matches

),

types as (

    select
        spine.customer_id,
        coalesce(ranked.customer_type, 'person') as customer_type,
        ranked.rule_key as customer_type_rule

    from spine
    left join ranked
        on spine.customer_id = ranked.customer_id
            and ranked.place = 1

)

select * from types
