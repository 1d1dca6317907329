"""The evidence log: records, commitments, leaves, tree, subject index, heads, proofs; pure.

Formats byte for byte: ``docs/evidence.md``; each intermediate hash: ``docs/evidence-vectors.json``.
"""
