"""Instructions, where the specification's reader looks for them; they live among the actions."""

from netloom.wire.openflow.actions.instructions import (
    ClearActions,
    GotoTable,
    WriteActions,
    WriteMetadata,
    decode_instructions,
    encode_instructions,
)

__all__ = [
    "ClearActions",
    "GotoTable",
    "WriteActions",
    "WriteMetadata",
    "decode_instructions",
    "encode_instructions",
]
