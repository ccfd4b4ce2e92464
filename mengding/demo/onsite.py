"""On the spot: who has arrived, who asks for help, and what was dealt with at once (自办)."""

import hashlib
import io
import random
from datetime import timedelta

from PIL import Image, ImageDraw

from mengding.cases import actions as cases
from mengding.cases.actions import Message
from mengding.cases.models import Case
from mengding.cases.stages import Channel, Outcome, Stage
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.demo.afterwards import lead
from mengding.demo.roster import VILLAGE
from mengding.demo.stories import actor_of, somewhere
from mengding.evidence import sending
from mengding.regions.models import Region


def tell() -> None:
    """Two arrivals, one of them asks for help; two matters dealt with on the spot, one checked."""
    rows = Case.objects.filter(confidential=False, stage=Stage.HANDLING).order_by("pk")
    now = clock.now()
    for case, asks in zip(rows, (False, True), strict=False):
        # Never after now and never before the order was taken, whatever the moment of loading.
        with clock.at(min(now, case.stage_since + timedelta(minutes=25))):
            cases.arrive(lead(case), case.pk)
            if asks:
                text = "现场工作面大，两个人抬不动，请派一台小型吊车或增援两人。"
                cases.ask_help(lead(case), case.pk, text=text)
    grid, check = actor_of("grid"), actor_of("verify")
    dice = random.Random(511803)
    village = Region.objects.get(code=VILLAGE)
    for hours, (class_code, found, done, address) in zip((30, 3), _SELF, strict=True):
        lon, lat = somewhere(village.boundary, dice)
        with clock.at(now - timedelta(hours=hours)):
            taken = cases.self_handled(
                grid,
                Message(
                    text=found,
                    channel=Channel.GRID,
                    class_code=class_code,
                    lon=lon,
                    lat=lat,
                    address=address,
                    at=now - timedelta(hours=hours, minutes=10),
                ),
                report=done,
                photos=[_photo(grid, hours, tidy=False), _photo(grid, hours, tidy=True)],
            )
        if hours > 24:
            with clock.at(now - timedelta(hours=hours - 4)):
                cases.start_check(check, taken.case_id)
                cases.close(
                    check,
                    taken.case_id,
                    outcome=Outcome.FIXED,
                    finding="现场核查，已清理干净。",
                    condition_met=True,
                )


# Class, what was found, what was done, where.
_SELF = (
    ("E0110", "垃圾桶旁散落几袋垃圾，被猫狗扒开。", "已装袋清走，地面冲洗干净。", "三组公交站旁"),
    ("E0110", "路边倒了一堆装修碎渣，占了半条人行道。", "已铲入手推车运到堆放点。", "二组42号门口"),
)


def _photo(actor: Actor, seed: int, *, tidy: bool) -> sending.Photo:
    """A drawn picture of a pavement with or without rubbish, sent as a phone sends one."""
    content = picture(seed, tidy=tidy)
    sha256 = hashlib.sha256(content).hexdigest()
    sending.announce(actor, sha256, len(content))
    sending.append(actor, sha256, 0, [content])
    return sending.Photo(sha256, "after" if tidy else "before")


def picture(seed: int, *, tidy: bool) -> bytes:
    """The same scene for the same seed: JPEG, 960×720."""
    dice = random.Random(seed)
    scene = Image.new("RGB", (960, 720), (168, 176, 178))
    draw = ImageDraw.Draw(scene)
    draw.rectangle((0, 0, 960, 300), fill=(206, 200, 186))  # a wall
    for x in range(0, 960, 96):
        draw.line((x, 300, x - 140, 720), fill=(150, 158, 160), width=3)  # slabs
    for y in (390, 500, 620):
        draw.line((0, y, 960, y), fill=(150, 158, 160), width=3)
    left = dice.randrange(560, 760)
    draw.rectangle((left, 190, left + 160, 430), fill=(58, 108, 82))  # a bin
    draw.rectangle((left - 10, 170, left + 170, 200), fill=(44, 84, 64))
    if not tidy:
        for _ in range(46):
            x, y = dice.randrange(220, 760), dice.randrange(400, 660)
            w, h = dice.randrange(18, 90), dice.randrange(14, 52)
            shade = dice.choice([(92, 84, 74), (228, 226, 220), (134, 98, 66), (70, 92, 122)])
            draw.ellipse((x, y, x + w, y + h), fill=shade)
    out = io.BytesIO()
    scene.save(out, "JPEG", quality=82)
    return out.getvalue()
