"""The installation itself: doctor, privacy, erasing, memory."""
