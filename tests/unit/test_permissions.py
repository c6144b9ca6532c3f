"""The matrix of PRODUCT.md, written down a second time from its text."""

import pytest

from avenrae.enums import Role
from avenrae.errors import NotPermitted
from avenrae.permissions import MATRIX, Actor, Permission, require

P = Permission
EXPECTED = {
    Role.CLIENT: """
        account:edit
        booking:cancel booking:create booking:reschedule booking:view
        conversation:write
        notification:read
        order:place order:view
        payment:view
        practitioner:view
        product:view
        review:flag review:write
        ticket:open ticket:rate ticket:reply ticket:view
    """,
    Role.PRACTITIONER: """
        account:edit
        availability:edit availability:view
        booking:complete booking:confirm booking:decline booking:no_show booking:reschedule booking:view
        conversation:write
        figures:revenue
        notification:read
        payment:view
        practitioner:edit practitioner:view
        product:view
        review:flag review:respond review:write
        service:edit
        ticket:open ticket:rate ticket:reply ticket:view
    """,
    Role.SUPPORT: """
        account:edit
        availability:view
        booking:cancel booking:confirm booking:create booking:create_series booking:reschedule booking:view
        client:add client:view
        conversation:moderate
        figures:operations
        mail:view
        notification:read
        order:cancel order:fulfil order:view
        payment:refund payment:view
        practitioner:view
        review:hide
        ticket:open ticket:reply ticket:view ticket:work
        user:reset user:view
    """,
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
