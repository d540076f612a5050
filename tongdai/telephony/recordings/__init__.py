"""Recording of calls on one switch: what is begun there, and how its sound gets into the storage."""
