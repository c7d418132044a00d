"""Macro: yields and rates in percent as FRED quotes them, changes in percentage points (0.25 = 25 basis points).

Inputs are columns of `inputs.macro_columns`: at each session the newest value the public could know, NaN once it is
stale. Changes over sessions compare what was known on two days.
"""

import numpy as np

from options_signals.features.arrays import FloatArray, change, flag, relative_change

CALM_VIX = 15.0
NERVOUS_VIX = 25.0
EASING, HOLDING, TIGHTENING = 0.0, 1.0, 2.0
POLICY_MEMORY = 126  # sessions, half a year: four regular meetings without a move are a hold
PIVOT_MEMORY = 63  # sessions, a quarter
LONGEST_WAIT = 252.0


def fed_funds_effective(dff: FloatArray) -> FloatArray:
    """Effective federal funds rate (FRED: DFF), percent."""
    return dff.copy()


def yield_2y(dgs2: FloatArray) -> FloatArray:
    """Two-year Treasury yield (FRED: DGS2), percent."""
    return dgs2.copy()


def yield_10y(dgs10: FloatArray) -> FloatArray:
    """Ten-year Treasury yield (FRED: DGS10), percent."""
    return dgs10.copy()


def yield_3m(dgs3mo: FloatArray) -> FloatArray:
    """Three-month Treasury yield (FRED: DGS3MO), percent."""
    return dgs3mo.copy()


def yield_spread_10y_2y(t10y2y: FloatArray) -> FloatArray:
    """Ten-year less two-year yield (FRED: T10Y2Y), percentage points."""
    return t10y2y.copy()


def breakeven_inflation_10y(t10yie: FloatArray) -> FloatArray:
    """Ten-year breakeven inflation (FRED: T10YIE), percent a year."""
    return t10yie.copy()


def real_rate_10y(dfii10: FloatArray) -> FloatArray:
    """Yield of ten-year inflation-indexed Treasuries (FRED: DFII10), percent."""
    return dfii10.copy()


def vix_macro(vixcls: FloatArray) -> FloatArray:
    """VIX as FRED publishes it (VIXCLS), points; known a business day later than the index itself."""
    return vixcls.copy()


def unemployment_rate(unrate: FloatArray) -> FloatArray:
    """Unemployment rate (FRED: UNRATE), percent, of the newest published month."""
    return unrate.copy()


def cpi_yoy(cpi_yoy_known: FloatArray) -> FloatArray:
    """Consumer prices (FRED: CPIAUCSL) of the newest published month over those 12 months before it, percent."""
    return cpi_yoy_known.copy()


def yield_curve_inverted(t10y2y: FloatArray) -> FloatArray:
    """Flag: ten-year yield below the two-year yield."""
    return flag(t10y2y < 0.0, t10y2y)


def yield_curve_slope_3m_10y(dgs10: FloatArray, dgs3mo: FloatArray) -> FloatArray:
    """Ten-year less three-month yield, percentage points. Source: Estrella and Mishkin 1998."""
    return dgs10 - dgs3mo


def yield_curve_3m_10y_inverted(yield_curve_slope_3m_10y: FloatArray) -> FloatArray:
    """Flag: ten-year yield below the three-month yield."""
    return flag(yield_curve_slope_3m_10y < 0.0, yield_curve_slope_3m_10y)


def yield_curve_steepening_20d(yield_curve_slope_3m_10y: FloatArray) -> FloatArray:
    """Change of the three-month to ten-year slope over 20 sessions, percentage points."""
    return change(yield_curve_slope_3m_10y, 20)


def yield_10y_change_5d(dgs10: FloatArray) -> FloatArray:
    """Change of the ten-year yield over 5 sessions, percentage points."""
    return change(dgs10, 5)


def yield_10y_change_20d(dgs10: FloatArray) -> FloatArray:
    """Change of the ten-year yield over 20 sessions, percentage points."""
    return change(dgs10, 20)


def yield_10y_change_60d(dgs10: FloatArray) -> FloatArray:
    """Change of the ten-year yield over 60 sessions, percentage points."""
    return change(dgs10, 60)


def yield_2y_change_5d(dgs2: FloatArray) -> FloatArray:
    """Change of the two-year yield over 5 sessions, percentage points."""
    return change(dgs2, 5)


def yield_2y_change_20d(dgs2: FloatArray) -> FloatArray:
    """Change of the two-year yield over 20 sessions, percentage points."""
    return change(dgs2, 20)


def yield_2y_change_60d(dgs2: FloatArray) -> FloatArray:
    """Change of the two-year yield over 60 sessions, percentage points."""
    return change(dgs2, 60)


def fed_funds_effective_change_5d(dff: FloatArray) -> FloatArray:
    """Change of the effective federal funds rate over 5 sessions, percentage points."""
    return change(dff, 5)


def fed_funds_effective_change_20d(dff: FloatArray) -> FloatArray:
    """Change of the effective federal funds rate over 20 sessions, percentage points."""
    return change(dff, 20)


def fed_funds_effective_change_60d(dff: FloatArray) -> FloatArray:
    """Change of the effective federal funds rate over 60 sessions, percentage points."""
    return change(dff, 60)


def yield_spread_change_20d(t10y2y: FloatArray) -> FloatArray:
    """Change of the ten-year less two-year spread over 20 sessions, percentage points."""
    return change(t10y2y, 20)


def real_rate_change_20d(dfii10: FloatArray) -> FloatArray:
    """Change of the ten-year real yield over 20 sessions, percentage points."""
    return change(dfii10, 20)


def breakeven_change_20d(t10yie: FloatArray) -> FloatArray:
    """Change of ten-year breakeven inflation over 20 sessions, percentage points."""
    return change(t10yie, 20)


def inflation_expectations_rising(breakeven_change_20d: FloatArray) -> FloatArray:
    """Flag: ten-year breakeven inflation is higher than 20 sessions ago."""
    return flag(breakeven_change_20d > 0.0, breakeven_change_20d)


def cpi_yoy_change_3m(cpi_yoy_change_3m_known: FloatArray) -> FloatArray:
    """cpi_yoy of the newest published month less that of 3 months before it, percentage points."""
    return cpi_yoy_change_3m_known.copy()


def unemployment_change_3m(unrate_change_3m_known: FloatArray) -> FloatArray:
    """Unemployment rate of the newest published month less that of 3 months before it, percentage points."""
    return unrate_change_3m_known.copy()


def vix_macro_momentum_20d(vixcls: FloatArray) -> FloatArray:
    """Change of VIXCLS over 20 sessions, percent of it."""
    return 100.0 * relative_change(vixcls, 20)


def vix_macro_regime(vixcls: FloatArray) -> FloatArray:
    """0 for a VIXCLS below 15, 1 from 15 to 25, 2 above 25."""
    calm_or_more = flag(vixcls >= CALM_VIX, vixcls)
    return calm_or_more + (vixcls > NERVOUS_VIX)


def monetary_policy_regime(policy_change: FloatArray, policy_change_age: FloatArray) -> FloatArray:
    """What the Fed did last, if that was within 126 sessions: 0 easing, 2 tightening; otherwise 1, holding.

    From announced changes of the FOMC's target range; NaN outside the span of that dated table.
    """
    recent = policy_change_age <= POLICY_MEMORY
    moving = np.where(policy_change > 0.0, TIGHTENING, EASING)
    known = flag(recent, policy_change, policy_change_age)
    return np.where(np.isnan(known), np.nan, np.where(recent, moving, HOLDING))


def fed_pivot(policy_reversal_age: FloatArray) -> FloatArray:
    """Flag: within the last 63 sessions the FOMC moved its target against the direction of the move before."""
    return flag(policy_reversal_age <= PIVOT_MEMORY, policy_reversal_age)


def days_since_policy_change(policy_change_age: FloatArray) -> FloatArray:
    """Sessions since the FOMC last changed its target (0 on the day), at most 252."""
    return np.minimum(policy_change_age, LONGEST_WAIT)
