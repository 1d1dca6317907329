"""The evidence log: records, commitments, leaves, tree, subject index, heads and proofs; pure.

Formats byte for byte: ``docs/evidence.md``; every intermediate hash: ``docs/evidence-vectors.json``.
"""
