"""Labelled pictures and depth → samples and batches: reading them, crops, augmentation.

training_data   `TrainingData`, what the training loop needs of any of them
hand_crops      a pack of hand crops on disk
bodies          people in pictures; `body_files` reads COCO, LSP Extended and MPII
depth_hands     hands in depth, and the published sets of them
coco            COCO's files, and a picture's people in them
appearance      colour, blur and noise augmentation
"""
