{# A card or account number in the form used for comparison: upper case, without blanks, dots, slashes and inner
   dashes. One that begins with a dash is left unchanged: -1 is a placeholder, 1 may be a customer. #}
{% macro normalise_number(column) -%}
    case
        when {{ column }} like '-%' then {{ column }}
        else nullif(upper({{ regexp_replace_all(column, '[ ./-]') }}), '')
    end
{%- endmacro %}

{# The mailbox behind an address, by the rules of its provider (seed email_providers, joined as `provider`): some ignore
   dots, many deliver anna+shop@ to anna@, some have one mailbox under two domains. For linking only: messages go to
   the address as it was given. #}
{% macro mailbox_of(email, provider='providers') -%}
    {%- set local = "split_part(" ~ email ~ ", '@', 1)" -%}
    {%- set without_suffix = "case when " ~ provider ~ ".ignores_suffix then split_part(" ~ local ~ ", '+', 1) else " ~ local ~ " end" -%}
    case
        when {{ provider }}.domain is null or {{ local }} = '' or split_part({{ local }}, '+', 1) = '' then {{ email }}
        else concat_ws(
            '',
            case when {{ provider }}.ignores_dots then replace({{ without_suffix }}, '.', '') else {{ without_suffix }} end,
            '@', {{ provider }}.canonical_domain
        )
    end
{%- endmacro %}

{# What variants of a first name have in common: its first three letters (Kate and Katherine), from plain_letters.
   Null for an initial, which is too ambiguous. #}
{% macro first_name_key(letters) -%}
    case when length({{ letters }}) >= 2 then substr({{ letters }}, 1, 3) end
{%- endmacro %}

{# A last name for comparison, from plain_letters; null for an initial. #}
{% macro last_name_key(letters) -%}
    case when length({{ letters }}) >= 2 then {{ letters }} end
{%- endmacro %}

{# The letters of a text in lower case without accents, those of Greek and Cyrillic in Latin ones; letters of other
   scripts are left as they are. #}
{% macro plain_letters(column) -%}
    {{ return(adapter.dispatch('plain_letters', 'customer_segmentation')(latin_letters(column))) }}
{%- endmacro %}

{% macro default__plain_letters(column) -%}
    regexp_replace(strip_accents({{ column }}), '[^\p{L}]', '', 'g')
{%- endmacro %}

{% macro spark__plain_letters(column) -%}
    regexp_replace(translate({{ column }}, 'àáâãäåçèéêëìíîïñòóôõöøùúûüýÿšžł', 'aaaaaaceeeeiiiinoooooouuuuyyszl'), '[^\\p{L}]', '')
{%- endmacro %}

{# A text in lower case with Greek and Cyrillic letters as they are usually transcribed. #}
{% macro latin_letters(column) -%}
    {%- set several = {
        'ж': 'zh', 'х': 'kh', 'ц': 'ts', 'ч': 'ch', 'ш': 'sh', 'щ': 'shch', 'ю': 'yu', 'я': 'ya', 'θ': 'th', 'ψ': 'ps', 'χ': 'ch'
    } -%}
    {%- set expression = namespace(
        sql="translate(lower(" ~ column ~ "), 'абвгдеёзийклмнопрстуфыэіїєґαάβγδεέζηήιίκλμνξοόπρσςτυύφωώъь',"
        ~ " 'abvgdeeziyklmnoprstufyeiiegaavgdeeziiiiklmnxooprsstyyfoo')"
    ) -%}
    {%- for letter, written in several.items() -%}
        {%- set expression.sql = "replace(" ~ expression.sql ~ ", '" ~ letter ~ "', '" ~ written ~ "')" -%}
    {%- endfor -%}
    {{ return(expression.sql) }}
{%- endmacro %}
