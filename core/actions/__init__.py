"""Send gesture changes, and hands in space, to other programs by OSC, WebSocket and JSON lines."""
