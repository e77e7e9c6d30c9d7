"""The truth study: what the project's estimators and checks say of panels whose truth is known.

panels      firm-years of a seed and scenario, with what is true of them
estimates   everything the project estimates on one of them, as a row of numbers
store       rows by blocks of seeds, resumable
summary     bias, coverage, size and power by scenario and size, with Monte-Carlo errors
tell        the tables of docs/truth.md
"""
