"""Actions of gestures: changes, and hands in space at the frame rate, sent to other programs by
OSC, WebSocket and lines of JSON.

Use `actions.Actions` beside a stream, `without_browser.run_actions` without one.
"""
