-- Grain: one row per cohort, number of repeat purchases and days since the first: the orders that the purchase model
-- predicts for a customer who is still alive. Such pairs are few however many customers there are; the date of the last
-- purchase only affects P(alive).
--
-- Given alive, a customer's dropout probability is Beta(a, b + x) under BG/NBD and Beta(a, b + x + 1) under MBG/NBD,
-- which counts surviving the first purchase too; their rate is Gamma(r + x, alpha + T) under both, so that
--     E[orders in the next t weeks] = mean over that Beta of (1 - (1 + p t / (alpha + T)) ^ -(r + x)) / p,
-- which equals the published form with Gauss' hypergeometric function (Fader, Hardie and Lee 2005, equation 10) but has
-- none of its edge cases (a = 1, x = 0, T = 0, t large). The integral is a sum over the nodes of a double exponential
-- rule in the log-odds of p, centred and scaled for each pair; weights need no normalising constant. 121 nodes, evenly
-- spaced from -5 to 5, are within 1e-6 of the exact value over a wide grid of parameters.
{%- set horizons = clv_horizons() %}
{%- set last = horizons | last %}
with pairs as (

    select distinct
        cohort,
        repeat_count,
        observed_days
    from {{ ref('int_clv_customers') }}
    where value_scope = 'modelled'

),

parameters as (

    select * from {{ ref('int_clv_parameters') }}

),

nodes as (

    select
        (exp(steps.u) - exp(-steps.u)) / 2 as sinh_u,
        (exp(steps.u) + exp(-steps.u)) / 2 as cosh_u
    from (select (number - 60) / cast(12 as double) as u from ({{ number_spine(121) }}) as numbers) as steps

),

-- Given alive, the dropout probability depends on the number of purchases, not on time, so few weights are needed.
posteriors as (

    select
        counts.cohort,
        counts.repeat_count,
        parameters.bg_nbd_a as a,
        parameters.bg_nbd_b + parameters.bg_nbd_leaves_after_first + counts.repeat_count as b
    from (
        select distinct
            cohort,
            repeat_count
        from pairs
    ) as counts
    inner join parameters
        on counts.cohort = parameters.cohort

),

placed as (

    select
        posteriors.*,
        nodes.cosh_u,
        ln(posteriors.a / posteriors.b) as centre,
        ln(posteriors.a / posteriors.b) + sqrt(1 / posteriors.a + 1 / posteriors.b) * nodes.sinh_u as log_odds
    from posteriors
    cross join nodes

),

-- The density at the node, divided by that at the centre so that nothing overflows.
weighted as (

    select
        cohort,
        repeat_count,
        {{ logistic('log_odds') }} as p,
        cosh_u * exp(
            a * (log_odds - centre) - (a + b) * ({{ softplus('log_odds') }} - {{ softplus('centre') }})
        ) as weight

    from placed

),

timed as (

    select
        pairs.*,
        weighted.p,
        weighted.weight,
        parameters.bg_nbd_r + pairs.repeat_count as k,
        parameters.bg_nbd_alpha + cast(pairs.observed_days as double) / 7 as weeks

    from pairs
    inner join parameters
        on pairs.cohort = parameters.cohort
    inner join weighted
        on pairs.cohort = weighted.cohort
            and pairs.repeat_count = weighted.repeat_count

),

integrated as (

    select
        cohort,
        repeat_count,
        observed_days
        {%- for days in horizons %},
        sum(weight * {{ expected_orders_given_dropout(days) }}) / sum(weight) as orders_{{ days }}d
        {%- endfor %},
        sum(weight * {{ expected_order_pairs_given_dropout(last) }}) / sum(weight) as order_pairs_{{ last }}d

    from timed
    group by cohort, repeat_count, observed_days

)

select * from integrated
