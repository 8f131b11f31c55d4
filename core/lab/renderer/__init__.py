"""Endless depth pictures of hands with true keypoints: a procedural hand of 26 degrees of freedom
(six of the wrist, twenty of the fingers) before a person and walls, seen by a noisy sensor.

    hand, poses ──▶ scenes ──solids──▶ render_depth ──depth──▶ add_sensor_noise

Public: `render.render_hand`, `render.RenderSettings`, `film.RenderedFilm`.
"""
