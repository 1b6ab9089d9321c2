"""Refusals in Vietnamese, Indonesian and Malay, and Thai."""

from __future__ import annotations

import re

from engine.profile.phrases.phrases import Phrases, any_of


def south_east_asian() -> Phrases:
    """Return the phrases of Vietnamese, Indonesian and Malay, and Thai."""
    text = (
        r"(?:tài liệu|văn bản|hợp đồng|báo cáo|đoạn (?:trích|văn)|trang|dokumen|teks|kontrak|perjanjian|laporan|"
        r"halaman|"
        r"naskah|เอกสาร|ข้อความ|สัญญา|รายงาน|เนื้อหา|หน้า)"
    )
    fact = (
        r"(?:thông tin|đề cập|chi tiết|câu trả lời|dữ liệu|informasi|maklumat|keterangan|rincian|jawaban|data|ข้อมูล|"
        r"รายละเอียด|คำตอบ)"
    )
    return Phrases(
        languages=frozenset(["vi", "id", "ms", "th"]),
        missing=any_of(
            r"\b(?:không|chưa|chẳng) (?:hề |được |thấy |có |thể |rõ )*(?:đề cập|nêu|nói|ghi|cung cấp|chỉ rõ|nhắc|"
            r"cho biết|"
            r"xác định|tìm thấy|chứa|liệt kê|quy định|trả lời|biết)",
            rf"\bkhông (?:hề )?(?:có|tồn tại) (?:\S+ ){{0,3}}?{fact}",
            r"\btidak (?:\S+ ){0,2}?(?:menyebut\w*|mencantum\w*|disebut\w*|dicantum\w*|memuat|mengandung|memberi\w*|"
            r"menjelaskan|"
            r"dijelaskan|menyatakan|dinyatakan|terdapat|ditemukan|menemukan|dapat (?:\S+ )?(?:ditentukan|dijawab|"
            r"diketahui|"
            r"disimpulkan|menemukan|menjawab)|diketahui|merinci|dirinci|tercantum|tertulis|jelas)",
            rf"\btidak ada (?:\S+ ){{0,3}}?(?:{fact}|penyebutan|rujukan|keterangan)|\btiada (?:\S+ ){{0,2}}?{fact}",
            r"(?:ไม่(?:ได้)?(?:มีการ)?|มิได้|ไม่มี(?:การ)?)(?:ระบุ|กล่าวถึง|กล่าว|บอก|ให้ข้อมูล|เปิดเผย|พูดถึง|"
            r"อธิบาย|แจ้ง|ปรากฏ)",
            rf"ไม่(?:มี|พบ)[^.]{{0,15}}{fact}|ไม่(?:พบ|ทราบ|สามารถ(?:ระบุ|ตอบ|บอก|หา))",
            rf"^(?:không rõ|không đề cập|tidak disebutkan|tidak diketahui|ไม่ระบุ|ไม่ทราบ)$|"
            rf"\b{text}\b.{{0,20}}\bim lặng\b",
        ),
        hedge=re.compile(
            r"(?:rõ ràng|cụ thể|trực tiếp|chính xác|secara (?:eksplisit|langsung|khusus|spesifik)|โดยตรง|ชัดเจน|"
            r"เจาะจง)",
            re.I,
        ),
        contrast=re.compile(r"(?:\b(?:nhưng|tuy nhiên|song|tetapi|namun|tapi|akan tetapi)\b|แต่|อย่างไรก็ตาม)", re.I),
        reports=any_of(rf"{text}\s?.{{0,12}}(?:cho biết|nêu|nói|menyatakan|menyebutkan|ระบุ|กล่าว)\s?(?:rằng|bahwa|ว่า)"),
        describes=any_of(
            rf"{text}\s?(?:\S+ ){{0,2}}?(?:chỉ )?(?:nói về|bàn về|mô tả|đề cập đến|membahas|menjelaskan|berisi|"
            rf"hanya memuat|"
            r"กล่าวถึง|เกี่ยวกับ|อธิบาย)"
        ),
        filler=any_of(
            r"^(?:rất tiếc|xin lỗi|tiếc là|maaf|mohon maaf|sayangnya|ขออภัย|ขอโทษ|น่าเสียดาย)[^.]{0,20}$",
            r"(?:\b(?:vui lòng|nếu bạn|bạn có thể|silakan|jika anda|anda dapat)\b|กรุณา|โปรด|หากคุณ)",
        ),
    )
