"""What the manifest's verdicts mean for the steps after it."""

from collections.abc import Iterable

from options_signals.snapshot import Manifest


def refusals(manifest: Manifest, tickers: Iterable[str]) -> dict[str, str]:
    """The refused ones among the tickers, each with its reasons in one sentence."""
    return {
        ticker: "; ".join(manifest.verdicts[ticker].reasons)
        for ticker in tickers
        if manifest.verdicts[ticker].status == "refused"
    }
