"""Read many files: plan what is missing, have workers read it, record it in a manifest.

`run.run` is the entry point; `work` reads one file, on whatever machine the worker is.
"""
