"""Final blocks on disk, with their transactions, receipts and logs, in the engine's own words.

``block`` cuts the engine's answers into what is kept, ``file`` is the SQLite file, ``archive`` adds
blocks behind the chain's head and gives them to readers, ``reader`` finds them again, ``logs``
picks logs. Everything here follows from the journal and is made again from it when it is lost.
"""
