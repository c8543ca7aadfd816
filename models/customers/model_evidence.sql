-- Grain: one row per fitted model and figure of its card.
with figures as (

    select * from {{ ref('model_card_figures') }}

),

models as (

    select * from {{ ref('int_model_status') }}

),

final as (

    select
        cast(figures.model_key as {{ dbt.type_string() }}) as model_key,
        cast(figures.fit_id as {{ dbt.type_string() }}) as fit_id,
        cast(figures.section as {{ dbt.type_string() }}) as section,
        cast(figures.figure as {{ dbt.type_string() }}) as figure,
        figures.figure_date,
        cast(figures.value as {{ dbt.type_string() }}) as figure_value,
        cast(figures.note as {{ dbt.type_string() }}) as note

    from figures
    inner join models
        on figures.model_key = models.model_key
            and figures.fit_id = models.fit_id

)

select * from final
