"""Trainings and measurements that outlive the page that began them."""
