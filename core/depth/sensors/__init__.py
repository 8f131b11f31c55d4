"""Live depth cameras as sources, each by its maker's optional library, imported on use.

finding    `list_sensors`, `open_sensor`
makers     `LiveSensor`, the base class, and one class for each maker's library
"""
