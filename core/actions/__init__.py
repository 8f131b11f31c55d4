"""Send gesture changes and 3-D hands to other programs by OSC, WebSocket and JSON lines."""
