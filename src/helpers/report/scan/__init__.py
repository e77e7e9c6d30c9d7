"""The release scan: whatever leaves in, whatever of it must not leave out.

kinds       what is looked for in a text, and how it is told from look-alikes
views       the ways of writing a text so that it does not read as itself
piece       a piece of text and its place; packed: pictures and PDF; pieces: files of every kind
places      an offset as a person finds it
folder      a file or a folder in, findings out
"""
