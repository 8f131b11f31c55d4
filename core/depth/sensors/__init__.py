"""Depth cameras as sources, each by its maker's library, which is looked up when it is asked for.

finding    `found_sensors`, `open_sensor`: what is plugged in
live       what they share
openni2    Orbbec Astra and Astra Mini, PrimeSense, Asus Xtion
realsense  Intel RealSense
orbbec     Orbbec's newer cameras: Gemini, Femto, Astra 2
azure      Azure Kinect
"""
