"""JPEG XL: the headers of a codestream and of its frames, bare or in its container. ISO/IEC 18181-1 and -2."""
