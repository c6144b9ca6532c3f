"""The day for which these tests wait."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from tests.services.waiting_list.day import Day


@pytest.fixture
def day(session: Session, noon: datetime) -> Day:
    return Day(session)
