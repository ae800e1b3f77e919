"""The catalogue in the words of open-data portals: DCAT-AP 3.0.1 and DCAT-US 3, as JSON-LD (plain data) or Turtle."""
