"""Simulators judged against real data, one module per domain.

Every module here whose name has no leading underscore is a domain. It states ``judge(shared, out,
random_state)``, which draws pictures into the folder ``out`` and returns lines of Markdown.
"""
