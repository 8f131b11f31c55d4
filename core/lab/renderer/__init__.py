"""Hands in depth without end, each with the truth of its joints: a procedural hand of 26 degrees of
freedom (six of the wrist, twenty of the fingers) before a person and walls, seen by a noisy sensor.

    draw_shape, draw_angles ──hand──▶ scenes ──solids──▶ cast ──depth──▶ measured

For others: `render.render_hand`, `render.Settings`, `film.RenderedFilm`.
"""
