"""Third-party code that pages carry: the chart runtime, renewed by tools/renew_vendor.py, each with licence and version."""
