"""Made-up people for the sample stores. Addresses lie in domains that are reserved for examples; nobody owns them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product

DOMAINS = ("example.org", "example.com", "example.net", "example.ca")
# Given and family names, each with the letters that its owner uses in an address.
NAMES = {
    "de": ("Jürgen:juergen Änne:aenne Käthe:kaethe Lukas:lukas", "Groß:gross Müller:mueller Weiß:weiss Schäfer:schaefer"),
    "sv": ("Åsa:asa Björn:bjorn Maj:maj Örjan:orjan", "Öberg:oberg Lindström:lindstrom Sjögren:sjogren Ek:ek"),
    "pl": ("Łucja:lucja Zbigniew:zbigniew Grażyna:grazyna Paweł:pawel", "Wiśniewska:wisniewska Żak:zak Dąbrowski:dabrowski Król:krol"),
    "fr": ("Zoé:zoe Anaïs:anais Loïc:loic Hélène:helene", "L’Hôpital:lhopital Lefèvre:lefevre Nuñez-Roy:nunezroy Garçon:garcon"),
    "vi": ("Hương:huong Đức:duc Ngọc:ngoc Tuấn:tuan", "Nguyễn:nguyen Trần:tran Phạm:pham Vũ:vu"),
    "tr": ("Işıl:isil İbrahim:ibrahim Çağla:cagla Ömer:omer", "Yılmaz:yilmaz Öztürk:ozturk Şahin:sahin Güneş:gunes"),
    "ru": ("Юлия:yulia Фёдор:fedor Ольга:olga Илья:ilya", "Соколова:sokolova Ёлкин:yolkin Щербакова:shcherbakova Цой:tsoi"),
    "uk": ("Їжаковна:yizhak Олена:olena Тарас:taras Ганна:hanna", "Шевчук:shevchuk Кравець:kravets Мельник:melnyk Гай:hai"),
    "el": ("Ελένη:eleni Γιώργος:giorgos Άννα:anna Νίκος:nikos", "Παπαδοπούλου:papadopoulou Ξένος:xenos Δούκας:doukas Βλάχος:vlachos"),
    "ar": ("ليلى:layla عمر:omar نور:nour يوسف:yusuf", "حداد:haddad المصري:almasri خوري:khoury سعيد:said"),
    "he": ("נועה:noa אורי:uri תמר:tamar דוד:david", "כהן:cohen לוי:levi פרץ:peretz מזרחי:mizrahi"),
    "hi": ("प्रिया:priya अर्जुन:arjun मीरा:meera रोहन:rohan", "शर्मा:sharma कपूर:kapoor जोशी:joshi त्रिपाठी:tripathi"),
    "th": ("สมชาย:somchai อรทัย:orathai นภา:napha กิตติ:kitti", "ศรีสุข:srisuk ใจดี:jaidee ทองคำ:thongkham วงศ์:wong"),
    "zh": ("芳:fang 伟:wei 秀英:xiuying 小龙:xiaolong", "王:wang 欧阳:ouyang 李:li 诸葛:zhuge"),
    "ja": ("さくら:sakura 健太:kenta ひろみ:hiromi 大輔:daisuke", "高橋:takahashi 渡邉:watanabe サトウ:sato 斎藤:saito"),
    "ko": ("민준:minjun 서연:seoyeon 지우:jiwoo 하은:haeun", "김:kim 박:park 제갈:jegal 최:choi"),
    "am": ("አበበ:abebe ሰላም:selam ብርሃን:birhan ሕይወት:hiwot", "ተስፋዬ:tesfaye በቀለ:bekele ገብረ:gebre ካሳ:kassa"),
    "en": ("Siobhán:siobhan Daniel:daniel Zadie:zadie Moses:moses", "O’Neill:oneill Okonkwo:okonkwo Smith:smith Macdonald:macdonald"),
}
FAMILY_FIRST = frozenset(["zh", "ja", "ko", "vi"])


@dataclass(frozen=True)
class Person:
    name: str
    email: str
    language: str = "en"


# Everybody whose address is a trap for a careless search. Each is a different person.
TRICKY = (
    Person("Marta Kowalska", "marta.kowalska@example.org", "pl"),
    Person("Márta Kovács", "Marta.Kowalska@example.org", "hu"),
    Person("Ann Lee", "ann.lee@example.net"),
    Person("Annika Leeuw", "annlee@example.net", "nl"),
    Person("Rita Lindqvist", "rita.lindqvist+lab@example.org", "sv"),
    Person("Rita Lindquist", "rita.lindquist@example.org"),
    Person("Юлия Соколова", "юлия.соколова@example.org", "ru"),
    Person("Jürgen Groß", "jürgen@example.com", "de"),
    Person("O’Brien, Pat", "pat.o'brien@example.com"),
    Person("Percy Wild", "percy_wild%@example.com"),
)


def crowd(count: int) -> list[Person]:
    """So many different people in many scripts, always the same ones in the same order."""
    return list(islice(_everybody(), count))


def _everybody() -> Iterator[Person]:
    pairs = {language: list(product(given.split(), family.split())) for language, (given, family) in NAMES.items()}
    for lap in range(10_000):
        for place, (language, names) in enumerate(pairs.items()):
            (given, first), (family, last) = (part.split(":") for part in names[lap * 7 % 16])
            name = f"{family} {given}" if language in FAMILY_FIRST else f"{given} {family}"
            number = str(lap // 16 + 1) if lap >= 16 else ""
            yield Person(name, f"{first}.{last}{number}@{DOMAINS[(lap + place) % len(DOMAINS)]}", language)
