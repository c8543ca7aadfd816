{# The marketing states that the accounts of a tool have had on one channel: one row per account and version, known by the
   end of as_of_date, in which the state differs from the version before, the first one included, or the agreement was
   given anew.

   `state` is an expression of: confirmed (agreed, and confirmed the address), subscribed (agreed), withdrawn, none.
   `given_at` and `withdrawn_at` are expressions of when the tool says that it happened. A withdrawal without a time, or
   with the time of the agreement before it, counts from the first version that shows it; a permission without a time
   stays undated, since whether it came before or after a withdrawal is unknown.

   All versions count, even those that a validation rule holds back: statements of consent are never held back. Where the
   account was deleted, its withdrawals hold and its permissions do not. #}
{% macro consent_states(source_name, table_name, channel, address, state, given_at='null', withdrawn_at='null') -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set contract = source_contract(source_name, table_name) -%}
    {%- set known = known_versions(relation, contract, delivered_columns(relation, contract), []) -%}
    {%- set stamp = dbt.type_timestamp() -%}
    select
        '{{ source_name }}' as source_system,
        record_id as source_profile_id,
        '{{ channel }}' as channel,
        state,
        coalesce(state_before, 'none') as state_before,
        address,
        case
            when state in ('confirmed', 'subscribed') then given_at
            when withdrawn_at < known_at and coalesce(withdrawn_at > given_before_at, true) then withdrawn_at
            else known_at
        end as stated_at,
        known_at
    from (
        select
            *,
            lag(state) over (partition by record_id order by known_at, state nulls last) as state_before,
            lag(given_at) over (partition by record_id order by known_at, state nulls last) as given_before_at
        from (
            select
                *,
                -- Versions may become known at one moment.
                row_number() over (
                    partition by record_id, known_at, state
                    order by given_at desc nulls last, withdrawn_at desc nulls last, address nulls last
                ) as version_rank
            from (
                select
                    {{ adapter.quote(contract.config.meta.key[0]) }} as record_id,
                    {{ address }} as address,
                    {{ state }} as state,
                    cast({{ given_at }} as {{ stamp }}) as given_at,
                    cast({{ withdrawn_at }} as {{ stamp }}) as withdrawn_at,
                    known_at,
                    max(known_at) over (partition by {{ adapter.quote(contract.config.meta.key[0]) }}) as last_known_at,
                    max(case when _says_deleted then known_at end) over (
                        partition by {{ adapter.quote(contract.config.meta.key[0]) }}
                    ) as deleted_at,
                    _says_deleted
                from ({{ known }}) as known
            ) as versions
            -- A deletion that leaves the columns empty takes nothing back.
            where state = 'withdrawn' or (state is not null and not _says_deleted)
        ) as ranked
        where version_rank = 1
    ) as followed
    where
        case
            when state not in ('confirmed', 'subscribed') then coalesce(state <> state_before, true)
            when deleted_at = last_known_at then false
            else
                state_before is null or state <> state_before
                or coalesce(given_at > given_before_at, given_at is not null)
        end
{%- endmacro %}
