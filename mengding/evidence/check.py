"""`mengding check evidence`: every seal, and every stored byte, against what was signed."""

from mengding.evidence import queries, seals
from mengding.evidence.models import Blob, Evidence


def run(arguments: list[str]) -> int:
    """Print what is wrong; 1 when something is. `arguments`: ["--seals"] leaves the bytes out."""
    if arguments not in ([], ["--seals"]):
        print("用法 usage: mengding check evidence [--seals]")
        return 2
    sealed = unsealed = erased = faults = 0
    rows = Evidence.objects.select_related("blob", "seal").order_by("pk")
    for row in rows.iterator(chunk_size=1000):
        seal = getattr(row, "seal", None)
        if seal is None:
            unsealed += 1
            continue
        sealed += 1
        erased += row.erased_at is not None
        for fault in seals.verify(row, seal).faults:
            faults += 1
            print(f"附件 evidence {row.pk}（{row.subject_kind} {row.subject_id}）: {fault}")
    contents = 0
    if not arguments:
        for blob in Blob.objects.filter(erased_at__isnull=True).order_by("pk").iterator():
            contents += 1
            for part in queries.unsound(blob):
                faults += 1
                print(f"内容 content {blob.sha256}: {part}")
    print(f"存证 seals: {sealed:,}（已删除 erased: {erased:,}）  未存证 unsealed: {unsealed:,}")
    print(f"内容 contents: {contents:,}  密钥 key: {seals.key_id()}")
    print("有问题 SOMETHING WAS CHANGED" if faults else "全部相符 all is as it was")
    return 1 if faults else 0
