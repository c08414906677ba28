"""Ids of the classes that scenes show, as in the label set `scenes`; 0 is the sky."""

BUILDING, POLE, ROAD, PAVEMENT, TREE, SIGN, FENCE, CAR, PEDESTRIAN, BICYCLIST = range(1, 11)
UNKNOWN = 11  # objects of no class: CamVid's ignored id
PATH, GRASS, ROUGH, WATER, OBSTACLE = range(12, 17)
GROUND = (ROAD, PAVEMENT, PATH, GRASS, ROUGH, WATER)
