"""Evaluates estimators, nets and gesture models against labels."""
