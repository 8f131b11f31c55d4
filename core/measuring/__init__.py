"""Estimators, nets and gesture models against labels, as JSON figures."""
