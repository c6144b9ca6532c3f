"""One client (or practitioner) as the desk sees the person: facts, notes, bookings, orders, payments, tickets.

Support and admins only. Bookings and orders can be moved, cancelled and given back from here, with the same dialogs as
on their own pages; what is above an agent's limit is asked of an admin.
"""

import streamlit as st

from avenrae.queries.client_panel import get_client_panel
from avenrae.queries.listing import key_of
from avenrae.ui.actions import actor, load
from avenrae.ui.client_panel import draw_client_panel, standing
from avenrae.ui.details import no_record_chosen
from avenrae.ui.format import plain_text
from avenrae.ui.lists import has_screen, link

panel = load(get_client_panel, key_of(st.query_params.get("id")) or no_record_chosen("care/bookings", "Bookings"))
st.title(plain_text(panel.person.name))
with st.container(horizontal=True, vertical_alignment="center"):
    st.markdown(standing(panel.person), width="content")
    if panel.person.practitioner_id:
        link("care/practitioner", "Profile", icon=":material/person:", id=str(panel.person.practitioner_id))
    if has_screen("support/queue"):
        link("support/queue", "Tickets", icon=":material/inbox:", view="all", requester=str(panel.person.id))
st.caption(f"Times are on your clock ({actor().time_zone}); those of sessions on the practitioner's.")
draw_client_panel(panel, wide=True)
