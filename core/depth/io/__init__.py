"""Depth frames on disk: recordings, published sets, and labels.

recordings    `open_depth`: any recording on disk
recorder      `record`: any source into a folder or a film
images        `read_depth`: one picture
folders       a folder of pictures, ours or a published set's
stacks        .npy and .npz
depth_videos  videos with 16 bits a pixel, nvGesture's
oni           OpenNI's .oni
recorded      what recordings share
camera_files  camera.json
joint_tables  joints.csv and times.csv beside the pictures
joint_files   published label and result files
published     the table `DEPTH_SETS`
"""
