-- Grain: one row per profile; its label after round 4.
{{ label_propagation_round(ref('int_identity_round_3')) }}
