"""Where depth frames come from: recordings on disk, a sensor, a plain webcam.

frames      `DepthFrame` and `DepthSource`, what every source is
"""
