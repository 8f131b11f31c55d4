"""Moving gestures: clips → windows of equal length → features → templates or a net.

`windows`: resampling and movement of clips; `motion_features`; `templates`: warped distances to
examples; `stream`: frames → events. torch is needed only by the other `motion_*` modules.
"""
