{# The tables of the sources, by `source.table`: the staging model that reads the table and, where rules may be set for
   it, the tables that its records are checked against. The violations of a table with `reads` are in the model that
   `violations` names, else in int_<source>__violations. `beside` names another table whose records the staging model
   also holds where this one lacks them. `deleted` names the column that marks records which their source deleted; the
   other staging models leave them out.

   Written out because dbt has to know the order of models before it can query anything. #}
{% macro staged_tables() -%}
    {{ return({
        'campaigns.campaign': {'staging': 'stg_campaigns__campaigns', 'reads': []},
        'campaigns.send': {'staging': 'stg_campaigns__sends', 'reads': ['campaigns.campaign']},
        'consent.consent_event': {'staging': 'stg_consent__consent_events', 'deleted': 'is_deleted', 'reads': []},
        'crm.profile': {'staging': 'stg_crm__profiles', 'reads': []},
        'external_lists.list_member': {'staging': 'stg_external_lists__list_members', 'reads': []},
        'hubspot.contact': {'staging': 'stg_hubspot__contacts', 'deleted': 'is_deleted'},
        'hubspot.contact_list': {'staging': 'stg_hubspot__contact_lists'},
        'hubspot.contact_list_member': {'staging': 'stg_hubspot__contact_list_members'},
        'hubspot.deal': {'staging': 'stg_hubspot__deals'},
        'identity.link_decision': {'staging': 'stg_identity__link_decisions'},
        'inventory.stock_level': {'staging': 'stg_inventory__stock_levels', 'reads': ['products.product']},
        'klaviyo.campaign': {'staging': 'stg_klaviyo__campaigns'},
        'klaviyo.event': {'staging': 'stg_klaviyo__events', 'deleted': 'is_deleted', 'reads': []},
        'klaviyo.flow': {'staging': 'stg_klaviyo__flows'},
        'klaviyo.global_exclusion': {'staging': 'stg_klaviyo__global_exclusions', 'deleted': 'is_deleted'},
        'klaviyo.metric': {'staging': 'stg_klaviyo__metrics'},
        'klaviyo.person': {'staging': 'stg_klaviyo__persons', 'deleted': 'is_deleted'},
        'loyalty.member': {'staging': 'stg_loyalty__members', 'reads': []},
        'loyalty.points_movement': {'staging': 'stg_loyalty__points_movements', 'reads': ['loyalty.member']},
        'marketplace.order': {'staging': 'stg_marketplace__orders', 'reads': []},
        'marketplace.order_item': {'staging': 'stg_marketplace__order_items', 'reads': ['marketplace.order', 'products.product']},
        'matching.proposal': {'staging': 'stg_matching__proposals'},
        'overrides.record_override': {'staging': 'stg_overrides__record_overrides'},
        'paid_media.ad_click': {'staging': 'stg_paid_media__ad_clicks', 'reads': []},
        'paid_media.daily_spend': {'staging': 'stg_paid_media__daily_spend', 'reads': []},
        'pos.receipt': {'staging': 'stg_pos__receipts', 'reads': []},
        'pos.receipt_line': {'staging': 'stg_pos__receipt_lines', 'reads': ['pos.receipt', 'products.product']},
        'pos.receipt_payment': {'staging': 'stg_pos__receipt_payments', 'reads': ['pos.receipt']},
        'privacy.erasure_request': {'staging': 'stg_privacy__erasure_requests'},
        'products.product': {'staging': 'stg_products__products', 'reads': []},
        'products.product_relation': {'staging': 'stg_products__product_relations'},
        'returns.return_line': {'staging': 'stg_returns__return_lines', 'reads': ['pos.receipt', 'marketplace.order', 'shopify.order', 'products.product']},
        'shopify.abandoned_checkout': {'staging': 'stg_shopify__abandoned_checkouts'},
        'shopify.customer': {'staging': 'stg_shopify__customers', 'deleted': 'is_deleted', 'reads': []},
        'shopify.customer_tag': {'staging': 'stg_shopify__customer_tags'},
        'shopify.discount_allocation': {'staging': 'stg_shopify__discount_allocations', 'reads': ['shopify.order_line'], 'violations': 'int_shopify__grandchild_violations'},
        'shopify.discount_application': {'staging': 'stg_shopify__discount_applications', 'reads': ['shopify.order'], 'violations': 'int_shopify__child_violations'},
        'shopify.fulfillment': {'staging': 'stg_shopify__fulfillments', 'reads': ['shopify.order'], 'violations': 'int_shopify__child_violations'},
        'shopify.inventory_item': {'staging': 'stg_shopify__inventory_items', 'reads': []},
        'shopify.inventory_level': {'staging': 'stg_shopify__inventory_levels'},
        'shopify.inventory_quantity': {'staging': 'stg_shopify__inventory_quantities'},
        'shopify.location': {'staging': 'stg_shopify__locations'},
        'shopify.order': {'staging': 'stg_shopify__orders', 'reads': []},
        'shopify.order_adjustment': {'staging': 'stg_shopify__order_adjustments', 'reads': ['shopify.order', 'shopify.refund'], 'violations': 'int_shopify__grandchild_violations'},
        'shopify.order_discount_code': {'staging': 'stg_shopify__order_discount_codes'},
        'shopify.order_line': {'staging': 'stg_shopify__order_lines', 'reads': ['shopify.order', 'products.product'], 'violations': 'int_shopify__child_violations'},
        'shopify.order_line_refund': {'staging': 'stg_shopify__order_line_refunds', 'reads': ['shopify.refund', 'shopify.order_line'], 'violations': 'int_shopify__grandchild_violations'},
        'shopify.order_shipping_line': {'staging': 'stg_shopify__order_shipping_lines', 'reads': ['shopify.order'], 'violations': 'int_shopify__child_violations'},
        'shopify.order_tag': {'staging': 'stg_shopify__order_tags'},
        'shopify.product': {'staging': 'stg_shopify__products'},
        'shopify.product_tag': {'staging': 'stg_shopify__product_tags'},
        'shopify.product_variant': {'staging': 'stg_shopify__product_variants', 'reads': []},
        'shopify.refund': {'staging': 'stg_shopify__refunds', 'reads': ['shopify.order'], 'violations': 'int_shopify__child_violations'},
        'shopify.tax_line': {'staging': 'stg_shopify__tax_lines', 'reads': ['shopify.order_line'], 'violations': 'int_shopify__grandchild_violations'},
        'shopify.transaction': {'staging': 'stg_shopify__transactions', 'reads': ['shopify.order'], 'violations': 'int_shopify__child_violations'},
        'surveys.response': {'staging': 'stg_surveys__responses', 'reads': []},
        'web.cart_viewed': {'staging': 'stg_web__cart_views', 'beside': 'tracks'},
        'web.checkout_started': {'staging': 'stg_web__checkouts_started', 'beside': 'tracks'},
        'web.identifies': {'staging': 'stg_web__identifies', 'reads': []},
        'web.order_completed': {'staging': 'stg_web__orders_completed', 'reads': [], 'beside': 'tracks'},
        'web.order_refunded': {'staging': 'stg_web__orders_refunded', 'beside': 'tracks'},
        'web.pages': {'staging': 'stg_web__pages', 'reads': []},
        'web.product_added': {'staging': 'stg_web__cart_additions', 'reads': [], 'beside': 'tracks'},
        'web.product_list_viewed': {'staging': 'stg_web__product_list_views', 'beside': 'tracks'},
        'web.product_removed': {'staging': 'stg_web__cart_removals', 'beside': 'tracks'},
        'web.product_viewed': {'staging': 'stg_web__product_views', 'reads': [], 'beside': 'tracks'},
        'web.products_searched': {'staging': 'stg_web__product_searches', 'beside': 'tracks'},
        'web.tracks': {'staging': 'stg_web__tracks'},
        'zendesk.ticket': {'staging': 'stg_zendesk__tickets', 'reads': []},
        'zendesk.ticket_comment': {'staging': 'stg_zendesk__ticket_comments'},
        'zendesk.ticket_field_history': {'staging': 'stg_zendesk__ticket_field_changes', 'reads': ['zendesk.ticket']},
        'zendesk.ticket_tag': {'staging': 'stg_zendesk__ticket_tags', 'reads': ['zendesk.ticket']},
        'zendesk.user': {'staging': 'stg_zendesk__users', 'deleted': 'is_deleted'}
    }) }}
{%- endmacro %}

{# The model that holds the violations of a table. #}
{% macro violations_model(source_name, table_name) -%}
    {{ return(staged_tables()[source_name ~ '.' ~ table_name].violations or 'int_' ~ source_name ~ '__violations') }}
{%- endmacro %}

{# The tables that rules may be set for, as dicts: key, source_name, table_name, model (of violations), reads. #}
{% macro validated_tables() -%}
    {%- set found = [] -%}
    {%- for key, entry in staged_tables().items() if 'reads' in entry -%}
        {%- set parts = key.split('.') -%}
        {%- do found.append({
            'key': key, 'source_name': parts[0], 'table_name': parts[1], 'reads': entry.reads,
            'model': violations_model(parts[0], parts[1])
        }) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
