"""How what ships was made and measured: the starter model, the bench."""
