"""The two whose conversation these tests are about."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from tests.services.conversations.pair import Pair, make_pair


@pytest.fixture
def pair(session: Session, noon: datetime) -> Pair:
    return make_pair(session)
