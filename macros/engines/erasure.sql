{# Operation: removes customers from the history that no build can compute again; what is built from raw tables is free of
   them after the next build, once their records are gone from those. Customer ids are keyed hashes, and the registry
   keeps them, so that nobody else is given one.
   Usage: dbt run-operation forget_customers --args '{customer_ids: [0123abcd]}' #}
{% macro forget_customers(customer_ids) -%}
    {%- for id in customer_ids if not modules.re.match('^[0-9a-f]{8,64}$', id | string) -%}
        {{ exceptions.raise_compiler_error("'" ~ id ~ "' is not a customer id; take it from marts.customers") }}
    {%- endfor -%}
    {%- set condition = "customer_id in ('" ~ customer_ids | join("', '") ~ "')" -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.schema == 'history' -%}
        {%- set relation = adapter.get_relation(node.database, node.schema, node.alias) -%}
        {%- set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list if relation else [] -%}
        {%- if 'customer_id' in columns -%}
            {%- set count = run_query('select count(*) from ' ~ relation ~ ' where ' ~ condition).rows[0][0] -%}
            {%- do run_query(delete_rows(relation, condition)) -%}
            {%- do log(relation ~ ': ' ~ count ~ ' rows removed', info=true) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{# Operation: searches every text of every table, raw tables included, and stops with the places where one of `texts`
   occurs, in any case of letters; the texts themselves are not shown.
   Usage: dbt run-operation search_tables --args '{texts: [ann@example.com]}' #}
{% macro search_tables(texts) -%}
    {%- set schemas = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type in ['model', 'seed'] -%}{%- do schemas.append(node.schema) -%}{%- endfor -%}
    {%- for source in graph.sources.values() -%}{%- do schemas.append(source.schema) -%}{%- endfor -%}
    {%- set searched, places = [], [] -%}
    {%- for schema in schemas | unique | sort -%}
        {%- for table, columns in text_columns(schema).items() if columns -%}
            {%- set cells = [] -%}
            {%- for column in columns -%}
                {%- set found = [] -%}
                {%- for text in texts -%}
                    {%- do found.append('instr(lower(cast(' ~ adapter.quote(column) ~ ' as ' ~ dbt.type_string() ~ ')), lower(' ~ text_literal(text) ~ ')) > 0') -%}
                {%- endfor -%}
                {%- do cells.append('count(case when ' ~ found | join(' or ') ~ ' then 1 end)') -%}
            {%- endfor -%}
            {%- set counts = run_query('select ' ~ cells | join(', ') ~ ' from ' ~ schema ~ '.' ~ adapter.quote(table)).rows[0] -%}
            {%- for column in columns -%}
                {%- if counts[loop.index0] > 0 -%}
                    {%- do places.append(schema ~ '.' ~ table ~ '.' ~ column ~ ': ' ~ counts[loop.index0] ~ ' rows') -%}
                {%- endif -%}
            {%- endfor -%}
            {%- do searched.append(table) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if places -%}
        {{ exceptions.raise_compiler_error('found in ' ~ places | join('; ') ~ '; remove it there and search again') }}
    {%- endif -%}
    {%- do log('searched ' ~ searched | length ~ ' tables: nothing found', info=true) -%}
{%- endmacro %}

{# The columns of every stored table of a schema that may hold text, by table. #}
{% macro text_columns(schema) -%}
    {{ return(adapter.dispatch('text_columns', 'customer_segmentation')(schema)) }}
{%- endmacro %}

{% macro default__text_columns(schema) -%}
    {%- set tables = {} -%}
    {%- for row in run_query(
        "select columns.table_name, columns.column_name from information_schema.columns as columns"
        ~ " inner join information_schema.tables as tables on columns.table_schema = tables.table_schema"
        ~ " and columns.table_name = tables.table_name and columns.table_catalog = tables.table_catalog"
        ~ " where columns.table_schema = '" ~ schema ~ "' and tables.table_type = 'BASE TABLE'"
        ~ " and columns.data_type not in ('BIGINT', 'INTEGER', 'DOUBLE', 'BOOLEAN', 'DATE', 'TIMESTAMP')"
        ~ " and columns.data_type not like 'DECIMAL%' order by 1, 2"
    ).rows -%}
        {%- do tables.setdefault(row[0], []).append(row[1]) -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro %}

{% macro spark__text_columns(schema) -%}
    {%- set tables = {} -%}
    {%- if schema in run_query('show databases').columns[0].values() -%}
        {%- for row in run_query('show table extended in ' ~ schema ~ " like '*'").rows if 'Type: VIEW' not in row[3] -%}
            {%- set columns = [] -%}
            {%- for name, type in modules.re.findall('(?m)^ [|]-- (.*?): (\\w+)', row[3]) -%}
                {%- if type not in ['long', 'integer', 'double', 'boolean', 'date', 'timestamp', 'decimal', 'float', 'short', 'byte'] -%}
                    {%- do columns.append(name) -%}
                {%- endif -%}
            {%- endfor -%}
            {%- do tables.update({row[1]: columns}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(tables) }}
{%- endmacro %}
