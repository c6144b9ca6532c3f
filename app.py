"""Entry point: `streamlit run app.py` or `uvicorn app:app`. Streamlit also runs this file for every page."""

import streamlit as st

if __name__ == "__main__":
    from avenrae.ui.console import run_console

    run_console()
else:
    from avenrae.http.app import app_parts

    app = st.App(__file__, **app_parts(__file__))
