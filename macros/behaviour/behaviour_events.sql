{# The relations that hold events, by short name: `model`, the `date` of an event, the condition that every row meets
   (`where`), the SKU of its product (`product_of`), and the sources (`needs`: all; `needs_any`: at least one). #}
{% macro behaviour_event_sources() -%}
    {%- set order_sources = ['shopify', 'pos', 'marketplace'] -%}
    {{ return({
        'web': {'model': 'int_web_events', 'date': 'events.occurred_date', 'needs': ['web'], 'needs_any': [],
            'product_of': 'events.sku'},
        'visits': {'model': 'int_web_sessions', 'date': 'events.session_date', 'needs': ['web'], 'needs_any': []},
        'messages': {'model': 'int_message_events', 'date': 'events.occurred_date', 'needs': ['klaviyo'], 'needs_any': []},
        'ads': {'model': 'int_ad_clicks', 'date': 'events.clicked_date', 'needs': ['paid_media', 'web'],
            'needs_any': []},
        'orders': {'model': 'orders', 'date': 'events.ordered_date', 'needs': [], 'needs_any': order_sources,
            'where': 'events.is_counted'},
        'lines': {'model': 'order_lines', 'date': 'events.ordered_date', 'needs': [], 'needs_any': order_sources,
            'where': "events.is_counted and events.line_type = 'product'", 'product_of': 'events.sku'},
        'returns': {'model': 'returns', 'date': 'events.returned_date', 'needs': [], 'needs_any': order_sources,
            'where': 'events.is_counted and events.returned_units > 0', 'product_of': 'events.sku'},
        'tickets': {'model': 'tickets', 'date': 'events.created_date', 'needs': ['zendesk'], 'needs_any': [],
            'where': 'not events.is_merged'},
        'surveys': {'model': 'int_satisfaction_scores', 'date': 'events.scored_date', 'needs': ['surveys'],
            'needs_any': [], 'where': "events.score_type <> 'ticket'"}
    }) }}
{%- endmacro %}

{# The events that can be counted, by the name that a row of behaviour_windows uses. An event is the rows of a source
   that meet the condition `is`; `noun` names it as `[one|many]`, `goods` says what happened to its products, `filters`
   gives the expression of each dimension and `measures` that of each measure besides count and days. #}
{% macro behaviour_events() -%}
    {%- set product = {
        'sku': 'events.sku', 'category': 'coalesce(products.category, events.category)',
        'subcategory': 'products.subcategory', 'brand': 'products.brand'
    } -%}
    {%- set catalogued = dict(product, category='products.category') -%}
    {%- set skus = {'products': 'events.sku'} -%}
    {%- set message = {'campaign': 'events.campaign_id', 'flow': 'events.flow_id'} -%}
    {%- set events = {
        'page_view': {'source': 'web', 'noun': 'page [view|views]', 'filters': {'path': 'events.path', 'device': 'events.device_type'}},
        'product_view': {'source': 'web', 'noun': 'product [view|views]', 'goods': 'looked at', 'filters': product, 'measures': skus},
        'product_list_view': {'source': 'web', 'noun': 'product list [view|views]', 'filters': {'category': 'events.category'}},
        'search': {'source': 'web', 'noun': 'shop [search|searches]'},
        'cart_view': {'source': 'web', 'noun': 'cart [view|views]'},
        'cart_addition': {'source': 'web', 'noun': 'cart [addition|additions]', 'goods': 'put into the cart', 'filters': product, 'measures': skus},
        'cart_removal': {'source': 'web', 'noun': 'cart [removal|removals]', 'goods': 'taken out of the cart', 'filters': product, 'measures': skus},
        'checkout_started': {'source': 'web', 'noun': '[checkout|checkouts] started'},
        'visit': {'source': 'visits', 'noun': 'web [visit|visits]', 'filters': {'device': 'events.device_type'}},
        'email_received': {'source': 'messages', 'noun': '[e-mail|e-mails] received', 'filters': message},
        'email_open': {'source': 'messages', 'noun': 'human e-mail [open|opens]', 'filters': message},
        'email_machine_open': {'source': 'messages', 'noun': 'e-mail [open|opens] by a mail program', 'filters': message},
        'email_click': {'source': 'messages', 'noun': 'e-mail [click|clicks]', 'filters': message},
        'sms_received': {'source': 'messages', 'noun': 'SMS received', 'filters': message},
        'sms_click': {'source': 'messages', 'noun': 'SMS [click|clicks]', 'filters': message},
        'ad_click': {'source': 'ads', 'noun': 'ad [click|clicks]', 'filters': {'platform': 'events.platform', 'campaign': 'events.ad_campaign_id'}},
        'order': {'source': 'orders', 'noun': '[order|orders]', 'goods': 'ordered',
            'filters': {'channel': 'events.channel', 'payment_method': 'events.payment_method'},
            'measures': {'amount': 'events.gross_revenue - events.discounts', 'units': 'events.unit_count'}},
        'product_bought': {'source': 'lines', 'noun': 'order [line|lines] bought', 'goods': 'bought', 'filters': catalogued,
            'measures': {'products': 'events.sku', 'amount': 'events.discounted_revenue', 'units': 'events.quantity'}},
        'product_returned': {'source': 'returns', 'noun': 'order [line|lines] sent back', 'goods': 'sent back', 'filters': dict(catalogued, reason='events.reason_code'),
            'measures': {'products': 'events.sku', 'amount': 'events.returns_amount', 'units': 'events.returned_units'}},
        'ticket': {'source': 'tickets', 'noun': 'support [ticket|tickets]',
            'filters': {'channel': 'events.via_channel', 'type': 'events.ticket_type', 'priority': 'events.priority'}},
        'survey_response': {'source': 'surveys', 'noun': 'survey [response|responses]', 'filters': {'type': 'events.score_type'}}
    } -%}
    {%- for name, event in events.items() -%}
        {%- do event.setdefault('filters', {}) -%}
        {%- do event.setdefault('measures', {}) -%}
        {%- do event.setdefault('is', "events.event_type = '" ~ name ~ "'" if event.source in ('web', 'messages') else '') -%}
    {%- endfor -%}
    {{ return(events) }}
{%- endmacro %}

{# The measures: `words` that precede the event's own (`noun` for count and days, else `goods`), the unit (none: that of
   the event) and the data type. #}
{% macro behaviour_measures() -%}
    {{ return({
        'count': {'words': '', 'unit': none, 'data_type': 'bigint'},
        'days': {'words': '[day|days] with ', 'unit': 'days', 'data_type': 'bigint'},
        'products': {'words': 'different [product|products] ', 'unit': 'products', 'data_type': 'bigint'},
        'units': {'words': '[unit|units] ', 'unit': 'units', 'data_type': 'bigint'},
        'amount': {'words': 'value of goods ', 'unit': 'reporting currency', 'data_type': 'decimal(18,2)'}
    }) }}
{%- endmacro %}
