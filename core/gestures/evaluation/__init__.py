"""How far a gesture model can be trusted: splits, intervals, persons left out, label noise."""
