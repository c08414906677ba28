"""How things are drawn: sketches, panels, the rays of a view, shadows, and props made of them."""
