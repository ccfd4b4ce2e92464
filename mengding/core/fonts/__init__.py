"""One Chinese font for what is drawn on the server: watermarks, reports.

Noto Sans CJK SC Regular 2.004, SIL Open Font License 1.1 (OFL.txt beside it), cut down to the
8,105 characters of 《通用规范汉字表》, GB 2312 and the signs the product uses: 2 MB instead of
16. What is outside (very rare characters of names) is drawn as a box.
"""

from pathlib import Path

REGULAR = Path(__file__).parent / "NotoSansSC.otf"
