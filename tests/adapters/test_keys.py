import pytest
from options_signals.adapters.keys import VARIABLES, ParameterKeys
from options_signals.errors import StoreUnavailableError

from tests.adapters.answers import answer, json_error


@pytest.fixture
def keys(aws: str) -> ParameterKeys:
    return ParameterKeys(f"/{aws}/prod")


def test_a_key_comes_back_under_the_name_it_has_on_a_laptop(keys: ParameterKeys) -> None:
    keys.put("finnhub", "s3cr3t")

    assert keys.read() == {"FINNHUB_API_KEY": "s3cr3t"}


def test_a_key_is_replaced_by_a_newer_one(keys: ParameterKeys) -> None:
    keys.put("fred", "old")
    keys.put("fred", "new")

    assert keys.read() == {"FRED_API_KEY": "new"}


def test_stored_names_come_without_what_they_hold_and_a_removed_one_is_gone(keys: ParameterKeys) -> None:
    for name in VARIABLES:
        keys.put(name, "s3cr3t")

    assert keys.stored() == ["bls", "finnhub", "fred"]
    assert (keys.remove("bls"), keys.remove("bls")) == (True, False)
    assert keys.stored() == ["finnhub", "fred"]


def test_a_key_is_stored_encrypted(keys: ParameterKeys) -> None:
    keys.put("bls", "s3cr3t")

    (plain,) = keys.client.get_parameters(Names=[f"{keys.folder}/bls"], WithDecryption=False)["Parameters"]
    assert plain["Type"] == "SecureString"
    assert plain["Value"] != "s3cr3t"


def test_a_store_that_asks_for_less_is_an_outage_that_names_no_key(keys: ParameterKeys) -> None:
    answer(keys.client, "GetParameters", lambda _: json_error(400, "ThrottlingException"))

    with pytest.raises(StoreUnavailableError, match=f"reading the keys on {keys.folder} failed: ThrottlingException"):
        keys.read()
