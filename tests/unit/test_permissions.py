"""The matrix of PRODUCT.md, written down a second time from its text."""

import pytest

from avenrae.enums import Role
from avenrae.errors import NotPermitted
from avenrae.permissions import MATRIX, Actor, Permission, require

P = Permission
EXPECTED = {
    Role.CLIENT: "account:edit practitioner:view booking:view booking:create booking:reschedule booking:cancel "
    "product:view order:view order:place payment:view"
    " ticket:view ticket:open ticket:reply ticket:rate "
    "conversation:write",
    Role.PRACTITIONER: "account:edit practitioner:view practitioner:edit service:edit availability:view "
    "availability:edit booking:view booking:confirm booking:decline "
    "booking:reschedule booking:complete booking:no_show product:view payment:view figures:revenue"
    " ticket:view ticket:open ticket:reply ticket:rate "
    "conversation:write",
    Role.SUPPORT: "account:edit practitioner:view availability:view booking:view booking:create booking:confirm "
    "booking:reschedule booking:cancel order:view order:fulfil order:cancel payment:view payment:refund "
    "figures:operations client:view user:view user:reset ticket:view ticket:open ticket:reply ticket:work "
    "conversation:moderate",
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("permission", list(Permission))
def test_matrix(role: Role, permission: Permission) -> None:
    """R-USR-01: role × permission; what is not named is refused."""
    allowed = role is Role.ADMIN or permission.value in EXPECTED[role].split()
    assert (permission in MATRIX[role]) is allowed
    actor = Actor(user_id=None, role=role, name="x")
    if allowed:
        require(actor, permission)
    else:
        with pytest.raises(NotPermitted, match=r"^Your role \(\w+\) does not allow this\."):
            require(actor, permission)
