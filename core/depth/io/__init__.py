"""Depth frames on disk: recordings, published sets, and labels.

recordings    `open_depth`: any recording on disk, by one of
              `folders`, `stacks` (.npy, .npz), `depth_videos` (16 bits a pixel, nvGesture's), `oni`
recorder      `record_depth`: any source into a folder or a video
images        `read_depth`: one picture
camera_files  camera.json
joint_files   published label and result files; joints.csv and times.csv beside pictures
published     the table `DEPTH_SETS`
"""
