"""The studio's entry point, `streamlit run app.py`.

Streamlit imports it once for its server and runs it as `__main__` whenever it draws a page.
"""

import streamlit as st

if __name__ == "__main__":
    # importing a component registers it, which works only in a running server
    from pages.panels.access import require_login
    from pages.panels.camera.session import end_live_session
    from pages.panels.camera.stage import draw_stage
    from pages.panels.layout import apply_style, show_errors
    from pages.panels.navigation import draw_navigation
    from pages.panels.visit import start_visit

    st.set_page_config("Mudra", "✋", layout="wide")
    apply_style()
    name, page = draw_navigation()
    require_login(end_live_session)
    start_visit(name)
    with draw_stage(name), show_errors():
        page.run()
else:
    from core.files import sweep_temporary_folders
    from core.live.channel import PATH, live_route
    from pages.panels.access import access_middleware, server_path
    from pages.panels.phone import print_phone_code

    sweep_temporary_folders()  # what a studio that was killed left behind
    print_phone_code()
    app = st.App(__file__, routes=[live_route(server_path(PATH))], middleware=access_middleware())
