"""Records joined to the enterprises they belong to.

outcome     how one code meets the register
codes       by unified social credit code: how many of which table match, and why the rest do not
"""
