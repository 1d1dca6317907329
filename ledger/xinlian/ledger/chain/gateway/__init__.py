"""The one door to a node: who may ask what, how transactions become blocks, what counts as final.

``http`` reads requests, ``tokens`` says who asks, ``methods`` what may be asked and in which form,
``dispatch`` answers; ``sealer`` makes blocks and keeps the journal, ``replay`` brings them back.
"""
