{# Horizons, in days, for which orders are predicted; value is discounted by quarter over the longest, a year. #}
{% macro clv_horizons() -%}
    {{ return([90, 180, 270, 365]) }}
{%- endmacro %}

{# Probability that a customer is still alive after x repeat purchases, the last t_x weeks after the first, T weeks ago
   (Fader, Hardie and Lee 2008). leaves_after_first is 0 for BG/NBD, where customers drop out only after a repeat
   purchase, so that one-time buyers are alive with probability 1; and 1 for MBG/NBD, where they may also drop out after
   the first purchase (Batislam et al. 2007). #}
{% macro bg_nbd_p_alive(x, t_x, weeks, r, alpha, a, b, leaves_after_first) -%}
    case
        when {{ x }} + {{ leaves_after_first }} = 0 then 1.0
        else {{ logistic(
            '(ln((' ~ b ~ ' + ' ~ x ~ ' + ' ~ leaves_after_first ~ ' - 1) / ' ~ a ~ ') - (' ~ r ~ ' + ' ~ x ~ ') * ln(('
            ~ alpha ~ ' + ' ~ weeks ~ ') / (' ~ alpha ~ ' + ' ~ t_x ~ ')))'
        ) }}
    end
{%- endmacro %}

{# Expected orders in the next `days` days of a customer who is alive and drops out after each order with probability p;
   columns p, k = r + x and weeks = alpha + T. For a tiny p the quotient would suffer from cancellation, so its series
   is used. #}
{% macro expected_orders_given_dropout(days) -%}
    {%- set horizon = '(' ~ days ~ ' / cast(7 as double) / weeks)' -%}
    case
        when k * p * {{ horizon }} < 0.00001 then k * {{ horizon }} * (1 - (k + 1) * p * {{ horizon }} / 2)
        else (1 - power(1 + p * {{ horizon }}, -k)) / p
    end
{%- endmacro %}

{# The same for ordered pairs of orders, E[n (n - 1)], from which the variance of the number of orders follows. #}
{% macro expected_order_pairs_given_dropout(days) -%}
    {%- set horizon = '(' ~ days ~ ' / cast(7 as double) / weeks)' -%}
    2 * (1 - p) * case
        when k * p * {{ horizon }} < 0.0001
            then k * (k + 1) * {{ horizon }} * {{ horizon }} * (0.5 - (k + 2) * p * {{ horizon }} / 3)
        else (
            1 - power(1 + p * {{ horizon }}, -k) * (1 + k * p * {{ horizon }} / (1 + p * {{ horizon }}))
        ) / p / p
    end
{%- endmacro %}

{# Expected value of an order, Gamma-Gamma (Fader and Hardie 2013): the customer's mean over n purchases, shrunk towards
   the population mean. Linear in the mean, and so also used for a mean at or below 0, which the fit leaves out. #}
{% macro gamma_gamma_mean(n, mean_value, p, q, v) -%}
    ({{ p }} * ({{ v }} + {{ n }} * {{ mean_value }}) / ({{ p }} * {{ n }} + {{ q }} - 1))
{%- endmacro %}
