"""The studio's one program, `streamlit run app.py`.

Streamlit imports it once for its server and runs it as `__main__` for each page that is drawn.
"""

import streamlit as st

if __name__ == "__main__":
    # components register themselves when they are imported, which works in a running server alone
    from pages.panels import messages
    from pages.panels.access import let_in
    from pages.panels.camera.browser import end_in_browser
    from pages.panels.camera.stage import begin_stage
    from pages.panels.layout import errors_shown, style
    from pages.panels.navigation import navigation
    from pages.panels.visit import begin_visit

    messages.install()
    st.set_page_config("Mudra", "✋", layout="wide")
    style()
    page = navigation()
    let_in(end_in_browser)
    begin_visit(page.title)
    with begin_stage(page.title), errors_shown():
        page.run()
else:
    from core.files import sweep_temporary_folders
    from core.live.browser_channel import PATH, route
    from pages.panels.access import below_base, guards

    sweep_temporary_folders()  # what a studio that was killed left behind
    app = st.App(__file__, routes=[route(below_base(PATH))], middleware=guards())
