"""Where samples come from: ``sources`` reads whatever a user names, ``protocols`` says who is normal,
``batches`` draws the order of training.

Of the rooms behind ``sources``, ``samples`` holds the two types that all share, ``images``, ``tables`` and
``arrays`` are the three kinds of source, and ``arrow`` reads Parquet, CSV and the hub for the first two.
"""
