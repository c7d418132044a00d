from options_signals.features.calendars import validity


def test_every_dated_table_says_how_far_it_reaches_and_where_it_is_written() -> None:
    tables = validity()

    assert [table.name for table in tables] == [
        "FOMC changes of the target",
        "FOMC meetings",
        "releases of consumer prices",
        "employment reports",
    ]
    assert all(table.first < table.through and table.module.startswith("features/") for table in tables)
