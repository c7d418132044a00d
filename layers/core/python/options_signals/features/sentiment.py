"""What is said of a company, in the news and on Reddit, from the capture of the session's own date.

A capture speaks of its day only: without one the value is unknown, and today's is never spread over history. Shares
run from 0 to 1.
"""

import numpy as np

from options_signals.features.arrays import FloatArray, flag, ratio

BULLISH, BEARISH = 0.15, -0.15
EXTREME = 0.35
MANY_MENTIONS = 50.0
LOW_IV_RANK, HIGH_IV_RANK = 30.0, 60.0  # the bounds of the volatility regimes


def sentiment_score(bullish_share: FloatArray, bearish_share: FloatArray) -> FloatArray:
    """Share of bullish less share of bearish articles, -1 to 1."""
    return bullish_share - bearish_share


def sentiment_vs_sector(bullish_share: FloatArray, sector_bullish_share: FloatArray) -> FloatArray:
    """Share of bullish articles less the mean of that share over the company's sector, -1 to 1."""
    return bullish_share - sector_bullish_share


def news_buzz_score(buzz: FloatArray) -> FloatArray:
    """How much more than usual is written, 0 to 1, as the provider measures it."""
    return buzz.copy()


def news_article_count(articles: FloatArray) -> FloatArray:
    """Articles of the last seven days."""
    return articles.copy()


def reddit_mentions(mentions_24h: FloatArray) -> FloatArray:
    """Mentions on Reddit within 24 hours."""
    return mentions_24h.copy()


def reddit_momentum(mentions_24h: FloatArray, mentions_24h_before: FloatArray) -> FloatArray:
    """Change of the mentions against the 24 hours before, as a decimal of those (1.0 = twice as many)."""
    return ratio(mentions_24h, mentions_24h_before) - 1.0


def sentiment_bullish(sentiment_score: FloatArray) -> FloatArray:
    """Flag: score above 0.15."""
    return flag(sentiment_score > BULLISH, sentiment_score)


def sentiment_bearish(sentiment_score: FloatArray) -> FloatArray:
    """Flag: score below -0.15."""
    return flag(sentiment_score < BEARISH, sentiment_score)


def sentiment_neutral(sentiment_score: FloatArray) -> FloatArray:
    """Flag: score from -0.15 to 0.15."""
    return flag((sentiment_score >= BEARISH) & (sentiment_score <= BULLISH), sentiment_score)


def sentiment_extreme_bullish(sentiment_score: FloatArray) -> FloatArray:
    """Flag: score above 0.35."""
    return flag(sentiment_score > EXTREME, sentiment_score)


def sentiment_extreme_bearish(sentiment_score: FloatArray) -> FloatArray:
    """Flag: score below -0.35."""
    return flag(sentiment_score < -EXTREME, sentiment_score)


def high_social_attention(mentions_24h: FloatArray) -> FloatArray:
    """Flag: more than 50 mentions on Reddit within 24 hours."""
    return flag(mentions_24h > MANY_MENTIONS, mentions_24h)


def sentiment_bullish_high_iv(sentiment_score: FloatArray, iv_rank: FloatArray) -> FloatArray:
    """Flag: bullish while options are dear, IV rank 60 or above."""
    return flag((sentiment_score > BULLISH) & (iv_rank >= HIGH_IV_RANK), sentiment_score, iv_rank)


def sentiment_bearish_low_iv(sentiment_score: FloatArray, iv_rank: FloatArray) -> FloatArray:
    """Flag: bearish while options are cheap, IV rank below 30."""
    return flag((sentiment_score < BEARISH) & (iv_rank < LOW_IV_RANK), sentiment_score, iv_rank)


def sentiment_iv_divergence(sentiment_score: FloatArray, iv_rank: FloatArray) -> FloatArray:
    """Score times the IV rank's distance from 50 in halves of its range, -1 to 1.

    Positive where words and option prices disagree: cheerful news while options are dear, or gloom while they are
    cheap.
    """
    return np.multiply(sentiment_score, (iv_rank - 50.0) / 50.0)
