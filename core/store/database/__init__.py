"""The database itself: connections, tables and their upgrades, transactions, checks and undo."""
