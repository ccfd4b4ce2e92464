"""The demo district: real divisions of 名山区, made-up polygons, people and cases."""
