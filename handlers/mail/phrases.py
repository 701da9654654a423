"""What mail programs write around a reply, in the languages they are used in: the words that quoting.py looks for.

Words only, no judgement; sorted by what they mark. All lower case (casefold).
"""

from __future__ import annotations

import re

#: Ends or holds the line above a quotation: "On Tuesday Ann wrote:".
WROTE = re.compile(
    r"\b(?:wrote|writes|said|schrieb|geschrieben|a écrit|écrit|escribió|escribio|ha scritto|scrisse|escreveu|schreef|"
    r"geschreven|skrev|kirjoitti|napsal(?:\(a\)|a)?|napísal(?:\(a\)|a)?|napisał(?:\(a\)|a)?|pisze|написал(?:\(а\)|а)?|"
    r"пишет|пише|написав(?:\(ла\))?|написа|yazdı|írta|a scris|έγραψε|napisao|napisala|je napisao|kirjutas|rašė|"
    r"rakstīja|đã viết|menulis|va escriure|idatzi du)\b|写道|寫道|写到|작성|書きました|のメール|כתב|كتب|เขียน"
)

#: Labels of the block that Outlook and its like put above what they quote, by meaning.
_LABELS = {
    "from": "from|von|de|da|van|från|fra|lähettäjä|od|от|від|kimden|gönderen|feladó|de la|από|dari|từ|จาก|差出人|"
    "送信者|发件人|發件人|寄件者|寄件人|보낸 사람|보낸사람|מאת|من",
    "sent": "sent|date|gesendet|datum|envoyé|enviado|enviado el|enviada em|enviado em|fecha|inviato|data|verzonden|"
    "skickat|sendt|dato|lähetetty|päivämäärä|wysłano|odesláno|odoslané|отправлено|дата|надіслано|gönderildi|"
    "gönderilme tarihi|tarih|küldve|dátum|trimis|στάλθηκε|ημερομηνία|dikirim|tanggal|gửi|ngày|ส่ง|วันที่|"
    "送信日時|日時|发送时间|發送時間|日期|时间|寄件日期|보낸 날짜|날짜|נשלח|תאריך|تاريخ|تم الإرسال",
    "to": "to|an|à|para|a|aan|till|til|vastaanottaja|do|komu|кому|kime|alıcı|címzett|către|προς|kepada|tới|đến|ถึง|"
    "宛先|收件人|收件者|받는 사람|받는사람|אל|إلى|reply-to|antwort an|cc|kopie|copie|kopia|копия|copia|"
    "risposta",
    "subject": "subject|betreff|objet|asunto|oggetto|onderwerp|assunto|ämne|emne|aihe|temat|předmět|predmet|тема|"
    "konu|tárgy|subiect|θέμα|perihal|subjek|chủ đề|เรื่อง|件名|主题|主題|主旨|제목|נושא|الموضوع",
}
LABELS: dict[str, str] = {label: kind for kind, labels in _LABELS.items() for label in labels.split("|")}

#: Stands between dashes above the mail that was answered or passed on.
ORIGINAL = re.compile(
    r"original message|original e-?mail|forwarded (?:message|by)|(?:ursprüngliche|original)-? ?nachricht|"
    r"weitergeleitete|message (?:d'origine|original|initial|transféré)|e-mail d'origine|mensaje (?:original|"
    r"reenviado)|messaggio (?:originale|inoltrato)|oorspronkelijk|doorgestuurd|mensagem (?:original|encaminhada)|"
    r"ursprungligt|vidarebefordrat|oprindelig|original melding|opprinnelig|videresendt|alkuperäinen|välitetty|"
    r"oryginalna|przekazana|původní|přeposlaná|pôvodná|исходное|оригинальное|пересылаемое|перенаправленное|orijinal|"
    r"özgün|iletilen|eredeti|元のメッセージ|転送|原始|转发|轉寄|원본|전달된"
)
#: The same as Apple and Lotus write it: a line of its own.
BEGIN_FORWARDED = re.compile(
    r"(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)|début du message (?:réexpédié|"
    r"transféré)|inicio del mensaje reenviado|inizio messaggio inoltrato|begin doorgestuurd bericht|"
    r"vidarebefordrat brev|início da mensagem encaminhada|videresendt meddelelse|"
    r"начало переадресованного (?:сообщения|письма))\s*[:：]?"
)

_SENT = (
    r"sent|envoyé|envoyée|gesendet|enviado|enviada|inviato|verzonden|skickat|sendt|lähetetty|wysłane|wysłano|odesláno|"
    r"odoslané|отправлено|надіслано|gönderildi|trimis|送信|发自|發自|傳送|보냄"
)
_DEVICES = (
    r"iphone|ipad|ipod|android|blackberry|galaxy|samsung|htc|huawei|xiaomi|nokia|lumia|alcatel|ti-85|smartphone|"
    r"handset|mobile|mobil\w*|handy|phone|phablet|tablet|cell|windows \d+|windows mail|mail for windows|yahoo|gmail|"
    r"outlook|airmail|mailbox|k-9|proton ?mail|thunderbird|spark|fairemail|my (?:pc|mac)|apple watch|телефон\w*|"
    r"\[mail\]"
)
#: A line that a mail program adds below the text. "Sent from my desk, is much easier than ..." is none.
PROGRAM_LINE = re.compile(
    rf"\W{{0,4}}(?:get \[?outlook for .*|(?:someone )?from (?:my )?(?:{_DEVICES})\b.{{0,30}}|"
    rf"(?:this (?:e-?mail|message) was )?(?:{_SENT})\b.{{0,30}}?(?:{_DEVICES})(?!\w).{{0,90}}|"
    rf".{{0,60}}(?:{_DEVICES}).{{0,40}}(?:{_SENT})\W{{0,3}}|(?:発自|发自|發自|從).{{0,30}}(?:傳送)?)"
)
#: A paragraph of law or of a scanner that companies add; what follows it is of the same kind.
DISCLAIMER = re.compile(
    r"\W{0,4}(?:(?:e-?mail |legal )?disclaimer\W{0,3}$|confidentiality (?:notice|note)\b|"
    r"(?:the information (?:contained )?in this|this) (?:e-?mail|message|communication)[^.]{0,80}"
    r"(?:confidential|intended (?:only|solely)|privileged|scanned)|"
    r"diese (?:e-?mail|nachricht)[^.]{0,60}(?:vertraulich|enthält)|"
    r"ce (?:message|courriel|mail)[^.]{0,80}(?:confidentiel|destiné)|"
    r"este (?:mensaje|correo|e-?mail)[^.]{0,80}(?:confidencial|dirigid))"
)
#: What a gateway puts on top.
BANNER = re.compile(
    r"\W{0,4}(?:(?:caution|warning|attention|external|extern|achtung|vorsicht|beware|prudence|attenzione|atención|"
    r"let op)\b.{0,120}(?:e-?mail|mail|message|sender|absender|organi[sz]ation|nachricht|courriel|mensaje|correo|"
    r"bericht)|you don't often get email from|some people who received this message don't often get)"
)
