"""What a student's side needs besides the engine: workspace, watching, hints, progress. Nothing here imports torch early."""
