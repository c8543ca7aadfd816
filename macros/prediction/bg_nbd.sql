{# Days ahead for which orders are expected; the quarters of the last, a year, are where value is discounted. #}
{% macro clv_horizons() -%}
    {{ return([90, 180, 270, 365]) }}
{%- endmacro %}

{# Probability that a customer is still alive after x repeat purchases, the last t_x weeks after the first, T weeks ago
   (Fader, Hardie and Lee 2008). leaves_after_first is 0 for BG/NBD, which lets go after a repeat only, so that who has
   none is alive by its definition; and 1 for MBG/NBD, which lets go after the first purchase too (Batislam et al. 2007). #}
{% macro bg_nbd_p_alive(x, t_x, weeks, r, alpha, a, b, leaves_after_first) -%}
    case
        when {{ x }} + {{ leaves_after_first }} = 0 then 1.0
        else {{ logistic(
            '(ln((' ~ b ~ ' + ' ~ x ~ ' + ' ~ leaves_after_first ~ ' - 1) / ' ~ a ~ ') - (' ~ r ~ ' + ' ~ x ~ ') * ln(('
            ~ alpha ~ ' + ' ~ weeks ~ ') / (' ~ alpha ~ ' + ' ~ t_x ~ ')))'
        ) }}
    end
{%- endmacro %}

{# Orders in the next `days` days of a customer who is alive and lets go after each order with probability p; columns
   p, k = r + x and weeks = alpha + T. Where p is tiny the quotient would cancel, its series does not. #}
{% macro expected_orders_given_dropout(days) -%}
    {%- set horizon = '(' ~ days ~ ' / 7.0 / weeks)' -%}
    case
        when k * p * {{ horizon }} < 0.00001 then k * {{ horizon }} * (1 - (k + 1) * p * {{ horizon }} / 2)
        else (1 - power(1 + p * {{ horizon }}, -k)) / p
    end
{%- endmacro %}

{# The same for ordered pairs of orders, E[n (n - 1)], from which the spread of the number of orders follows. #}
{% macro expected_order_pairs_given_dropout(days) -%}
    {%- set horizon = '(' ~ days ~ ' / 7.0 / weeks)' -%}
    2 * (1 - p) * case
        when k * p * {{ horizon }} < 0.0001
            then k * (k + 1) * {{ horizon }} * {{ horizon }} * (0.5 - (k + 2) * p * {{ horizon }} / 3)
        else (
            1 - power(1 + p * {{ horizon }}, -k) * (1 + k * p * {{ horizon }} / (1 + p * {{ horizon }}))
        ) / p / p
    end
{%- endmacro %}

{# What an order of the customer is worth on average, Gamma-Gamma (Fader and Hardie 2013): the own mean over n purchases,
   drawn towards everybody's. Linear in the mean, and so used for a mean at or below 0 too, which the fit leaves out. #}
{% macro gamma_gamma_mean(n, mean_value, p, q, v) -%}
    ({{ p }} * ({{ v }} + {{ n }} * {{ mean_value }}) / ({{ p }} * {{ n }} + {{ q }} - 1))
{%- endmacro %}
