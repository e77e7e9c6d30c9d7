"""Time and memory of every stage, and of a hand-written Polars script on the same big files: `python -m benchmarks`.

big_files       the raw files, at any size
project         the project's stages, timed one by one; run as a process of its own
polars_script   the yardstick, likewise
checksums       what both wrote, as numbers that must agree
links           names spoilt in known ways and linked back; splink_peer: the same names linked by Splink
fits            fits with absorbed effects, against pyfixest and R's fixest
curve           a curve of 500 specifications that share demeaned columns, against fits one by one
wild            the wild bootstrap with every sign vector, against wildboottest and base R
staggered       Callaway and Sant'Anna with 999 draws, against R's did
served          programs compared in turn, each in a process of its own (serve.R: the same in R)
measure         a process run to its end: seconds, processor seconds, peak memory
scale           from reading's Parquet to panel and counts at several sizes, by the project and by hand
"""
