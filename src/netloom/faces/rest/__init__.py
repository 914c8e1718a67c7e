"""The REST face: HTTP on the one side, use cases of `app` on the other, nothing decided in between.

Rule 1: answers go from the model's structs to bytes directly; the contract documents them, a test holds both together.
Rule 2: whatever a client sends is bounded before it is looked at (`limits`, `body`), and refused as problem details.
"""
