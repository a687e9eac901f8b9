"""What keeps a road to production closed in this setting: facts about it in, one finding a road out.

A road is a way around the gates; `docs/threat-model.md` has a row for each. Nothing here asks anybody
anything: `gates.run.doctor` gathers the facts.
"""
