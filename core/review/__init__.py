"""Looking through what was recorded: order, label noise, balance, the map."""
