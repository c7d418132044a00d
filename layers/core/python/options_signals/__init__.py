"""Option trade signals after each US market close: features, models, decisions, words."""
