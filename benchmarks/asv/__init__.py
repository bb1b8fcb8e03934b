"""The benchmarks whose history asv keeps."""
