"""Many files: a plan of what is missing, workers that read it, a manifest of what was done.

`run.run` is the story. `work` is what one worker does with one file, whatever machine it is on.
"""
