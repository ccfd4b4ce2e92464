"""Which classes of the catalogue take part: matters of places, things and services only. Pure.

A class is in by its big class and can be taken out singly; whatever is confidential in the
catalogue is out whatever stands here. Disputes, advice, aid, lettings and who trades or camps in
the street are out: a warning there would be about persons and households.
"""

# Big classes: components, and events of surroundings, building sites, breakdowns, fire safety.
TAKING_PART = frozenset(
    {"C01", "C02", "C03", "C04", "C05", "E01", "E02", "E03", "E05", "E06", "E07"}
)
# Of these, classes that are about what a household or a person does.
LEFT_OUT: dict[str, str] = {
    "E0107": "laundry in front of homes: a household's",
    "E0138": "who keeps animals: a household's",
    "E0202": "somebody handing out leaflets: a person's doing",
    "E0705": "a fire nobody watches: in somebody's home",
    "E0706": "charging indoors: in somebody's home",
    "E0707": "wiring against the rules: in somebody's home",
    "E0708": "living where one works: a household's",
    "E0712": "fireworks: a person's doing",
    "E0108": "private wiring: a household's",
}
# Single classes of other big classes that are about streets and markets as places.
BESIDES = frozenset({"E0402", "E0405", "E0408", "E0410", "E0497", "S0301", "S0302"})


def takes_part(code: str, *, confidential: bool) -> bool:
    """Whether warnings look at cases of this class at all."""
    if confidential or code in LEFT_OUT:
        return False
    return code[:3] in TAKING_PART or code in BESIDES
