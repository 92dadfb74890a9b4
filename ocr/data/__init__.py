"""Labelled characters for training: read, drawn, split, checked for duplicates, written.

`datasets.load` turns any source (files, folders, downloaded sets, fonts) into `samples.Samples`;
the folder `readers` has a module for each kind of source and says how to add one.
"""
