"""Acting on gestures: stable changes, and hands in space at the frame rate, told to other programs
by OSC, WebSocket and lines of JSON.

Use `actions.Actions` beside a stream, `without_browser.act` without one.
"""
