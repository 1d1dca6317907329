"""Energy and carbon: metering tree, tariffs, demand, baselines, allocation, footprints.

Energy that is billed or shared out is integer Wh, money integer fen, emissions integer grams of
CO2e; floats are for statistics alone.
"""
