-- Grain: one row per list and address as written there.
with versions as (

    {{ latest_version('external_lists', 'list_member') }}

),

renamed as (

    select
        list_name,
        tool,
        member_email,
        {{ normalise_email('member_email') }} as email,
        added_at,
        first_known_at,
        known_at

    from versions

)

select * from renamed
