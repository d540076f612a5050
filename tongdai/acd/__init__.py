"""The ACD: callers of inbound queues, from their arrival to their end, and the agents that they are connected with."""
