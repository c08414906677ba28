"""Trainings on CamVid: recipes, what each ingredient gives, whether chosen frames teach more."""
