"""One module per provider; each returns the tables of `tables.py`."""
