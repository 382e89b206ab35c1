"""The client's voice: who may be asked, what they answered, what it shows and what it does not.

    audience ─► wave ─► invitations ─► answers ─┬─► scores, themes, curve after an incident
                                                └─► call-backs    issues    improvements

Free text of clients stands in registers alone, and in the managers' report behind the gate.
"""
