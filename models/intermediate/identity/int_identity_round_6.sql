-- Grain: one row per profile; its label after round 6.
{{ label_propagation_round(ref('int_identity_round_5')) }}
