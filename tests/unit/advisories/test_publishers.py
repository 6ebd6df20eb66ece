from __future__ import annotations

import subprocess
import sys
from datetime import date
from string import Formatter
from urllib.parse import urlsplit

import pytest

from basewise.advisories.publishers import Publisher, publisher_of, publishers
from basewise.advisories.reading import READERS
from basewise.errors import KnowledgeError


@pytest.mark.parametrize("publisher", publishers(), ids=lambda publisher: publisher.feed)
def test_each_publisher_has_a_reader_a_secure_root_and_a_date(publisher: Publisher) -> None:
    assert publisher.feed in READERS
    parts = urlsplit(publisher.root)
    assert parts.scheme == "https"
    assert parts.hostname
    assert not publisher.root.endswith("/")
    assert date.fromisoformat(publisher.date) >= date(2026, 11, 27)


@pytest.mark.parametrize("publisher", publishers(), ids=lambda publisher: publisher.feed)
def test_a_path_is_filled_in_from_what_the_publisher_states(publisher: Publisher) -> None:
    wanted = {field for _, field, _, _ in Formatter().parse(publisher.path) if field}
    stated = {"ecosystem"} if publisher.every_ecosystem else set()
    stated |= {"branch", "repository"} if publisher.branches and publisher.repositories else set()
    stated |= {"year"} if publisher.first_year is not None else set()
    assert wanted == stated


def test_an_ecosystem_is_fetched_either_always_or_when_named() -> None:
    every = publisher_of("osv").every_ecosystem
    assert len(every) == len(set(every))


def test_a_feed_that_nobody_publishes_is_an_error() -> None:
    with pytest.raises(KnowledgeError, match="no publisher of `nothing`"):
        publisher_of("nothing")


def test_the_table_is_read_only_when_it_is_asked_for() -> None:
    program = (
        "import basewise.operations.db_update, basewise.advisories.publishers as module;"
        "print(module.publishers.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
