"""The made-up market behind `sources.simulated`: its prices, volatility indices, macro series and option chains."""
