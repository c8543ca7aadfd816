-- Grain: one row per profile; its label after the first round: itself or a smaller neighbour.
{{ label_propagation_round("(select profile_key, profile_key as label from " ~ ref('int_identity_profiles') ~ ")") }}
