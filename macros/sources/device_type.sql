{# The device, from the user agent string: app, tablet, phone or computer; null when the string is empty. #}
{% macro device_type(user_agent) -%}
    case
        when {{ user_agent }} is null or trim({{ user_agent }}) = '' then cast(null as {{ dbt.type_string() }})
        when lower({{ user_agent }}) not like 'mozilla/%' and lower({{ user_agent }}) not like 'opera/%' then 'app'
        when lower({{ user_agent }}) like '%ipad%' or lower({{ user_agent }}) like '%tablet%' then 'tablet'
        when
            lower({{ user_agent }}) like '%iphone%'
            or lower({{ user_agent }}) like '%android%'
            or lower({{ user_agent }}) like '%mobile%'
            then 'phone'
        else 'computer'
    end
{%- endmacro %}
