"""The option chain of one underlying: cleaned, with implied volatilities and smiles of our own."""
