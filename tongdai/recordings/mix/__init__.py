"""Makes one stereo file of the two sides of a recording: the customer left, the others right. A process of its own."""
