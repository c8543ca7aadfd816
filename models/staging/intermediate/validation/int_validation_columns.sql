-- Grain: one row per column of a source table: its type, and what validation rules may say of its table.
{{ validation_column_rows() }}
