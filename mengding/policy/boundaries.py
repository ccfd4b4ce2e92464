"""What the platform must never hold, as words to look for in names. Pure.

docs/boundaries.md says why. Names are what is checked: tables, columns, choices, addresses,
parameters and properties. A word that is found and means something else gets an entry in `MEANT`
with the reason; nothing else lets it pass.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# Whole words of a name such as `license_plate` or `licensePlate`; "a b" means a followed by b.
WORDS: dict[str, tuple[str, ...]] = {
    "biometrics": (
        *("face", "faces", "facial", "biometric", "biometrics", "fingerprint", "iris", "gait"),
        *("voiceprint", "retina", "embedding", "reid", "palmprint", "dna"),
        *("renlian", "zhiwen", "hongmo", "shengwen", "butai", "mianbu"),
    ),
    "vehicles": (
        *("plate", "plates", "licenseplate", "numberplate", "anpr", "alpr", "lpr", "vin"),
        *("chepai", "haopai", "vehicle owner", "car owner"),
    ),
    "lists of persons": (
        *("watchlist", "watch list", "blacklist", "black list", "blocklist", "greylist"),
        *("key person", "key persons", "key people", "keyperson", "key population", "wanted"),
        *("suspect", "suspects", "offender", "criminal", "petitioner", "petitioners", "target"),
        *("dossier", "person tag", "person tags", "person label", "person type"),
        *("zhongdian", "zhongdianren", "zhongdianrenyuan", "heimingdan", "bukong", "xianyi"),
        *("xianyiren", "huaxiang", "qianke"),
    ),
    "attributes of persons": (
        *("ethnicity", "ethnic", "nationality", "religion", "religious", "id card", "idcard"),
        *("identity number", "id number", "citizen id", "shenfenzheng", "minzu", "zongjiao"),
        *("hukou", "huji", "health status", "political", "imei", "imsi", "mac address"),
    ),
    "whereabouts": (
        *("track", "tracks", "tracking", "tracker", "trajectory", "trajectories", "whereabouts"),
        *("resident position", "resident location", "person position", "last seen", "sighting"),
        *("sightings", "guiji", "xingzong", "gps", "geofence"),
    ),
    "scores and predictions": (
        *("score", "scores", "scoring", "rating", "ranking", "leaderboard", "points", "credit"),
        *("risk", "predict", "predicted", "prediction", "forecast", "likelihood", "profiling"),
        *("pingfen", "jifen", "xinyong", "xinyongfen", "yuce", "paiming"),
    ),
    "cameras": (
        *("camera", "cameras", "cctv", "footage", "recording", "recordings", "surveillance"),
        *("wiretap", "intercept", "jiankong", "shexiang", "luxiang"),
    ),
}
# Anywhere in a Chinese label.
CHINESE: dict[str, tuple[str, ...]] = {
    "biometrics": ("人脸", "面部", "虹膜", "指纹", "声纹", "步态", "掌纹", "生物特征", "生物识别"),
    "vehicles": ("车牌", "号牌", "车主"),
    "lists of persons": (
        *("黑名单", "灰名单", "重点人", "重点关注", "布控", "嫌疑", "前科", "信访人员", "上访人"),
        *("涉毒", "吸毒", "刑满", "矫正人员", "人员标签", "人员画像", "居民画像", "肇事肇祸"),
    ),
    "attributes of persons": ("民族", "宗教", "身份证", "户籍", "政治面貌", "国籍"),
    "whereabouts": ("轨迹", "行踪", "居民位置", "人员位置", "定位追踪"),
    "scores and predictions": ("信用分", "积分", "评分", "打分", "排名", "预测", "风险等级"),
    "cameras": ("监控", "摄像", "录像", "视频巡查"),
}

# "where:name" as `Found` has it, without its last word → what it is instead.
MEANT: dict[str, str] = {
    "choice:Device.client owntracks OwnTracks": "the name of a program that staff may connect",
    "property:SuggestionOut.score": "how well a text fits a class of the catalogue; no person",
}


class Found(NamedTuple):
    """A name that holds a forbidden word. `key` is what an entry in `MEANT` would be called."""

    key: str
    word: str
    area: str


def _words(name: str) -> str:
    """`licensePlate_no` → " license plate no "."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return f" {' '.join(re.findall(r'[a-z]+', parted.lower()))} "


def forbidden(names: Iterable[tuple[str, str]]) -> Iterator[Found]:
    """The forbidden among (kind, name) pairs, `MEANT` or not."""
    for kind, name in names:
        said = _words(name)
        for area, words in WORDS.items():
            for word in words:
                if f" {word} " in said:
                    yield Found(f"{kind}:{name}", word, area)
        for area, words in CHINESE.items():
            for word in words:
                if word in name:
                    yield Found(f"{kind}:{name}", word, area)
