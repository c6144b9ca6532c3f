"""The desk that answers these tickets."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from tests import make


@pytest.fixture
def desk(session: Session, noon: datetime) -> None:
    """A desk whose day has begun three hours before the stopped clock."""
    make.make_desk(session)
