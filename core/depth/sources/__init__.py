"""Where depth frames come from: recordings on disk, a sensor, a plain webcam.

frames        `DepthFrame` and `DepthSource`, what every source is
recordings    `open_depth`: any recording on disk
recorded      what recordings share
folders       a folder of pictures, ours or a published set's
stacks        .npy and .npz
depth_videos  videos with 16 bits a pixel, nvGesture's
recorder      `record`: any source into a folder or a film
sensors       depth cameras, each by its maker's library
oni           OpenNI's .oni; `oni_codes` unpacks its pictures
camera_files  camera.json
joint_tables  joints.csv and times.csv beside the pictures
"""
