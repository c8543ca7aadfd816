-- Grain: one row per setting of the build, and per statement that a reader of its results has to know.
with settings as (

    {{ build_settings() }}

),

final as (

    select
        concat_ws('', 'setting ', subject) as note_key,
        'setting' as kind,
        'ok' as severity,
        subject,
        value,
        origin,
        note

    from settings

)

select * from final
