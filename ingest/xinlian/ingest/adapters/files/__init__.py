"""Files that describe a plant: device classes, plants, tag lists."""
