"""What makes a function a capability: operations, events and jobs over one workspace."""
