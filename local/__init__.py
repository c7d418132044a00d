"""The laptop: an AWS account inside this process, and the `signals` command line."""
