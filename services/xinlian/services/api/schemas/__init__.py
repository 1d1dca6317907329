"""Shapes of requests and answers. Amounts are integer fen, days are ISO dates in China Standard
Time, times are Unix seconds, hashes and keys are 0x and 64 lower-case hex digits."""
