"""What the workbench's `modules` are made of: the model, its samplers, the pixel upscaler."""
