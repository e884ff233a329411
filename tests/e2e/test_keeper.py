"""The keeper: partitions ahead, retention, and roll-ups that are what a GROUP BY over the readings says."""
from datetime import datetime, timedelta, timezone

import pytest

from harness.control import drained, metrics
from harness.wait import wait_for

QUICK = {"retention": {"check_interval": 0.2, "rollup_interval": 0.2}}
DAY = timedelta(days=1)


def now():
    return datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)


def partitions(database, table):
    """{name: bound} in order."""
    rows = database.query("SELECT PARTITION_NAME AS name, PARTITION_DESCRIPTION AS bound "
                          "FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s "
                          "ORDER BY PARTITION_ORDINAL_POSITION", table)
    return {row["name"]: row["bound"] for row in rows}


def test_partitions_are_made_ahead(collector, database):
    hub = collector(server=QUICK)
    today = now()
    wait_for(lambda: metrics(hub)["keeper_partitions_made_total"] >= 12, 20, lambda: f"partitions: {metrics(hub)}")
    for table in ("readings", "reading_texts"):
        names = list(partitions(database, table))
        assert f"p{today + 3 * DAY:%Y%m%d}" in names and f"p{today:%Y%m%d}" in names and names[-1] == "pmax"
    assert f"p{today:%Y%m}" in partitions(database, "readings_minute")
