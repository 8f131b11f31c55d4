"""Trainings and measurements that outlive their page, and the model that a project uses."""
