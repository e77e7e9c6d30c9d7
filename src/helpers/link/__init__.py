"""Records joined to the enterprises they belong to.

outcome     how one code meets the register
codes       by unified social credit code: how many of which table match, and why the rest do not
regions     places named in a company's name; names: its spelling, stem and kind, and who is no firm
edits       names one slip of the pen apart
parties     the two sides made ready; steps: code, whole name, body and region, one edit, short form
cascade     whose name it is: the surest step decides, doubt goes to review
judge       links by name judged by records that state a code
handcheck   a stratified sample to be checked by hand; precision and recall from it
records     any two files in; review: doubts out to a sheet, decisions back; widget: the same in JupyterLab
command     `wuli link`
"""
