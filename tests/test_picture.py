from io import BytesIO

import numpy as np
import pytest
from options_signals.digest.picture import HEIGHT, WIDTH, draw_payoff
from options_signals.settings import Decision, Risk, Settings
from options_signals.strategy.structures import STRUCTURES, structure_named
from options_signals.strategy.ticket import ticket_for
from options_signals.tickets import Ticket
from PIL import Image

from tests.chains import facts, flat_chain

SETTINGS = Settings(risk=Risk(account_usd=10_000_000), decision=Decision(allow_undefined_risk=True))
GAIN, LOSS = (214, 240, 224), (250, 223, 227)


def ticket(name: str) -> Ticket:
    found = ticket_for(flat_chain(), structure_named(name), facts(), SETTINGS)
    assert isinstance(found, Ticket)
    return found


def pixels(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(picture)).convert("RGB")).astype(int)


def share_of(colour: tuple[int, int, int], picture: np.ndarray) -> float:
    return float((np.abs(picture - colour).sum(axis=2) < 12).mean())


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_structure_has_a_picture_that_shows_gains_and_losses(name: str) -> None:
    picture = draw_payoff(ticket(name))

    assert picture.startswith(b"\x89PNG")
    assert pixels(picture).shape == (HEIGHT, WIDTH, 3)
    assert share_of(GAIN, pixels(picture)) > 0.005
    assert share_of(LOSS, pixels(picture)) > 0.005
    assert len(picture) < 60_000


def test_a_bull_call_spread_loses_on_the_left_and_wins_on_the_right() -> None:
    picture = pixels(draw_payoff(ticket("bull_call_spread")))
    left, right = picture[:, : WIDTH // 3], picture[:, -WIDTH // 3 :]

    assert share_of(LOSS, left) > 0.1 > share_of(GAIN, left)
    assert share_of(GAIN, right) > 0.1 > share_of(LOSS, right)


def test_the_same_ticket_gives_the_same_bytes() -> None:
    assert draw_payoff(ticket("iron_condor")) == draw_payoff(ticket("iron_condor"))


def test_a_stamp_is_seen_in_the_corner() -> None:
    corner = (slice(0, 45), slice(-150, None))
    plain, stamped = (pixels(draw_payoff(ticket("long_put"), stamp=stamp))[corner] for stamp in ("", "SIMULATED"))

    assert plain.min() == 255
    assert stamped.min() < 128
