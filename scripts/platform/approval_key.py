"""Names of the environment variables about the key that approvals are signed with."""

KEY_VARIABLE = "SEGMENTATION_APPROVAL_KEY"
# `required`: the models count signed approvals only.
SIGNATURES_VARIABLE = "SEGMENTATION_SIGNATURES"
