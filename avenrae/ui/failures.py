"""What a person sees when a page fails: a sentence, and for a fault of ours a reference to quote."""

import logging

import streamlit as st

from avenrae.db.transaction import new_reference
from avenrae.errors import AvenraeError, NotFound

log = logging.getLogger("avenrae")


def report(error: BaseException) -> bool:
    """Show an error and keep its traceback from the screen; the log has all of it under the reference shown."""
    if isinstance(error, NotFound):
        st.info(error.message, icon=":material/search_off:")
    elif isinstance(error, AvenraeError):
        st.error(error.message, icon=":material/error:")
    else:
        reference = new_reference()
        log.error("a page failed, reference %s", reference, exc_info=error)
        st.error(
            f"This page has a fault on our side. Quote {reference} when you ask for help.", icon=":material/error:"
        )
    return True
