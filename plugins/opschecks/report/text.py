def printable(t):
    return t
