{# The deepest level that a segment may have; a segment without references has level 1. #}
{% macro segment_deepest_level() -%}
    {{ return(3) }}
{%- endmacro %}

{# The segments that a condition refers to: the one whose membership it asks for, and the base of its percentiles. #}
{% macro segment_condition_references(condition) -%}
    {%- if segment_reference(condition.attribute) is not none -%}{{ return([segment_reference(condition.attribute)]) }}{%- endif -%}
    {%- set keys = [] -%}
    {%- for item in segment_condition_items(condition) if condition.value_type == 'number' -%}
        {%- set base = segment_percentile_base(item) -%}
        {%- if base is not none -%}{%- do keys.append(base) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(keys) }}
{%- endmacro %}

{# Sets each segment's `level`, one above the highest that it refers to (none in a cycle, or beyond the deepest level),
   and, from the lowest level up, the fingerprints of those it refers to and the reasons why they cannot be computed. #}
{% macro segment_levels(segments) -%}
    {%- for level in range(1, segment_deepest_level() + 1) -%}
        {%- set found = [] -%}
        {%- for segment in segments.values() if segment.level is none -%}
            {%- set open = [] -%}
            {%- for key in segment.referenced_segments if key in segments and segments[key].level is none -%}
                {%- do open.append(key) -%}
            {%- endfor -%}
            {%- if not open and (level > 1 or not segment.referenced_segments) -%}{%- do found.append(segment) -%}{%- endif -%}
        {%- endfor -%}
        {%- for segment in found -%}
            {%- do segment.update({'level': level}) -%}
            {%- do segment_refer(segment, segments) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for segment in segments.values() if segment.level is none -%}
        {%- do segment_refer(segment, segments) -%}
    {%- endfor -%}
{%- endmacro %}

{# What a segment inherits from those it refers to: their fingerprints, and the reason where one cannot be computed. #}
{% macro segment_refer(segment, segments) -%}
    {%- for key in segment.referenced_segments -%}
        {%- set other = segments.get(key) -%}
        {%- set reason = none -%}
        {%- if other is none -%}
            {%- set reason = 'there is no such rule' -%}
        {%- elif other.level is none -%}
            {%- set reason = 'a cycle, or more than ' ~ segment_deepest_level() ~ ' levels' -%}
        {%- elif other.status != 'active' -%}
            {%- set reason = 'its status is ' ~ other.status ~ ', not active' -%}
        {%- elif other.missing -%}
            {%- set reason = 'it needs attributes that do not exist yet: ' ~ other.missing | sort | join(', ') -%}
        {%- elif other.unavailable -%}
            {%- set reason = 'it cannot be computed: ' ~ segment_unavailable_text(other) -%}
        {%- endif -%}
        {%- if other is not none and other.level is not none -%}
            {%- do segment.referenced_fingerprints.update({key: segment_rule_fingerprint(other)}) -%}
        {%- endif -%}
        {%- if reason is not none -%}
            {%- do segment.unavailable.append('segment:' ~ key) -%}
            {%- do segment.unavailable_reasons.update({'segment:' ~ key: reason}) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{# What a segment lacks in this run, each with its reason. #}
{% macro segment_unavailable_text(segment) -%}
    {%- set reasons = [] -%}
    {%- for name in segment.unavailable | sort -%}
        {%- do reasons.append(name ~ ' (' ~ segment.unavailable_reasons[name] ~ ')') -%}
    {%- endfor -%}
    {{ return(reasons | join(', ')) }}
{%- endmacro %}

{# Every reference from a rule to another segment: dicts of segment_key, status, referenced_key, level of the segment,
   and the cycle that it closes, such as `a > b > a`. #}
{% macro segment_references() -%}
    {%- set segments = {} -%}
    {%- for segment in segment_rules() -%}{%- do segments.update({segment.segment_key: segment}) -%}{%- endfor -%}
    {%- set found = [] -%}
    {%- for segment in segments.values() -%}
        {%- for key in segment.referenced_segments -%}
            {%- do found.append({
                'segment_key': segment.segment_key, 'status': segment.status, 'referenced_key': key,
                'level': segment.level, 'cycle': segment_cycle(segment.segment_key, key, segments)
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The shortest path from a reference back to the segment that makes it; none when there is none. #}
{% macro segment_cycle(start, first, segments) -%}
    {%- set visited = [first] -%}
    {%- set paths = [[start, first]] -%}
    {%- for path in paths -%}
        {%- if path[-1] == start -%}{{ return(path | join(' > ')) }}{%- endif -%}
        {%- for key in segments.get(path[-1], {}).get('referenced_segments', []) if key == start or key not in visited -%}
            {%- do visited.append(key) -%}
            {%- do paths.append(path + [key]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}
