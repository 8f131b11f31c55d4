"""Live depth cameras as sources, each by its maker's optional library, imported on use.

finding    `list_sensors`, `open_sensor`
live       `LiveSensor`, the base class
openni2    Orbbec Astra and Astra Mini, PrimeSense, Asus Xtion
realsense  Intel RealSense
orbbec     Orbbec's newer cameras: Gemini, Femto, Astra 2
azure      Azure Kinect
"""
