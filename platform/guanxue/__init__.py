"""Guanxue (莞学): a city's course platform, credit bank and one-town-one-product tracks.

Rooms and the direction they import each other in are drawn in docs/decisions/0001-rooms.md; a newcomer begins at wiring.py.
"""
