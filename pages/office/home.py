"""Home."""

import streamlit as st

from avenrae.ui.actions import actor

st.title(f"Good day, {actor().name.split()[0]}")
