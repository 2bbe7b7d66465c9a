"""The names of A1111 v1.10.1's `modules` that the extension uses, written anew, with the host's signatures and order.

Public names are the host's (`python tests --webui-path DIR` checks that); what is the workbench's own starts with an
underscore or lives in `parts`. A name that is not here is an AttributeError, as a wrong name is on the host.
"""
