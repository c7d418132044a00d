"""A chain out of one file, whichever names its vendor uses."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from options_signals.errors import InvalidValueError, NotFoundError, TableError
from options_signals.sources.chain_files import read_chain

from tests.chains import SESSION, flat_chain

CHAIN = flat_chain()


def stored(frame: pd.DataFrame, folder: Path) -> Path:
    path = folder / "chain.parquet"
    frame.to_parquet(path)
    return path


def test_our_own_table_comes_back_as_it_is(tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(read_chain(stored(CHAIN, tmp_path)), CHAIN)


def test_a_vendors_names_are_understood_and_its_other_columns_left_out(tmp_path: Path) -> None:
    vendor = CHAIN.rename(columns={"contract": "contract_symbol", "right": "option_type"}).assign(in_the_money=False)

    pd.testing.assert_frame_equal(read_chain(stored(vendor, tmp_path)), CHAIN)


def test_without_symbols_or_times_those_follow_from_the_contract_and_the_day(tmp_path: Path) -> None:
    bare = CHAIN.drop(columns=["contract", "captured_at"]).assign(quote_date=SESSION)

    pd.testing.assert_frame_equal(read_chain(stored(bare, tmp_path)), CHAIN)


def test_csv_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "chain.csv"
    CHAIN.to_csv(path, index=False)

    assert len(read_chain(path)) == len(CHAIN)


def test_unknown_open_interest_stays_unknown(tmp_path: Path) -> None:
    assert read_chain(stored(CHAIN.drop(columns="open_interest"), tmp_path))["open_interest"].isna().all()


def test_of_two_underlyings_one_must_be_chosen(tmp_path: Path) -> None:
    path = stored(pd.concat([CHAIN, flat_chain(underlying="ABC")]), tmp_path)

    with pytest.raises(InvalidValueError, match="allowed: ABC, XYZ"):
        read_chain(path)
    assert set(read_chain(path, underlying="ABC")["underlying"]) == {"ABC"}


def test_a_day_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match=r"session is '2022-11-22'; allowed: 2022-11-23"):
        read_chain(stored(CHAIN, tmp_path), session=dt.date(2022, 11, 22))


def test_of_many_days_the_first_and_the_last_are_told(tmp_path: Path) -> None:
    many = pd.concat([CHAIN.assign(captured_at=CHAIN["captured_at"] - dt.timedelta(days=n)) for n in range(30)])

    with pytest.raises(InvalidValueError, match="allowed: one of the 30 in the file, 2022-10-25 to 2022-11-23"):
        read_chain(stored(many, tmp_path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no chain file .*chain.parquet"):
        read_chain(tmp_path / "chain.parquet")


@pytest.mark.parametrize("column", ["underlying", "captured_at", "strike", "right"])
def test_a_missing_column_is_named(column: str, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=f"column {column}"):
        read_chain(stored(CHAIN.drop(columns=column), tmp_path))
