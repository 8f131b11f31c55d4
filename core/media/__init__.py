"""Pictures, videos and cameras → Frames. Every limit on untrusted files is here.

For others: `pictures.read_picture`, `videos.read_video`, `cameras.read_camera`,
`archives.unpacked`, `stream_frames` for a browser's stream.
"""
