// SPDX-License-Identifier: Apache-2.0
// The texts of the diagnosis pages in each language. A test looks for missing ones.
#include "serve/pages/words.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "core/text.hpp"
#include "serve/pages/word_table.hpp"

namespace evenray {
namespace {

constexpr WordEntry kWords[] = {
    {"nav.look", {"Quick look", "빠른 판독", "Hızlı bakış"}},
    {"nav.patients", {"Patients", "환자", "Hastalar"}},
    {"nav.history", {"History", "기록", "Geçmiş"}},
    {"nav.model", {"Model", "모델", "Model"}},
    {"nav.audit", {"Audit log", "감사 기록", "Denetim kaydı"}},
    {"nav.signout", {"Sign out", "로그아웃", "Çıkış yap"}},
    {"nav.main", {"Main menu", "주 메뉴", "Ana menü"}},
    {"nav.skip", {"Skip to content", "본문으로 건너뛰기", "İçeriğe geç"}},
    {"language", {"Language", "언어", "Dil"}},
    {"foot.device",
     {"evenray is not a medical device. Its results are for research and do not replace a reader.",
      "evenray는 의료기기가 아닙니다. 결과는 연구용이며 판독의를 대신하지 않습니다.",
      "evenray tıbbi bir cihaz değildir. Sonuçları araştırma içindir ve bir hekimin yerini "
      "tutmaz."}},
    {"signin.title", {"Sign in", "로그인", "Giriş yap"}},
    {"signin.name", {"Account", "계정", "Hesap"}},
    {"signin.password", {"Password", "비밀번호", "Parola"}},
    {"signin.wrong",
     {"Account or password is wrong.",
      "계정 또는 비밀번호가 맞지 않습니다.",
      "Hesap veya parola yanlış."}},
    {"signin.wait",
     {"Too many attempts. Try again in a minute.",
      "시도가 너무 많습니다. 1분 뒤에 다시 시도하세요.",
      "Çok fazla deneme yapıldı. Bir dakika sonra yeniden deneyin."}},
    {"signin.ended",
     {"Your session has ended. Sign in to go on; what you had entered is kept.",
      "세션이 끝났습니다. 계속하려면 로그인하세요. 입력한 내용은 보관됩니다.",
      "Oturumunuz sona erdi. Sürdürmek için giriş yapın; girdikleriniz saklandı."}},
    {"signin.again", {"Send again", "다시 보내기", "Yeniden gönder"}},
    {"signin.kept",
     {"You are signed in. What you had entered has not been saved yet.",
      "로그인했습니다. 입력한 내용은 아직 저장되지 않았습니다.",
      "Giriş yaptınız. Girdikleriniz henüz kaydedilmedi."}},
    {"password.title", {"Change the password", "비밀번호 변경", "Parolayı değiştir"}},
    {"password.now", {"Password now", "현재 비밀번호", "Şimdiki parola"}},
    {"password.new", {"New password", "새 비밀번호", "Yeni parola"}},
    {"password.rule",
     {"At least 12 characters. All other sessions of the account end.",
      "12자 이상이어야 합니다. 이 계정의 다른 세션은 모두 종료됩니다.",
      "En az 12 karakter. Hesabın diğer tüm oturumları sona erer."}},
    {"look.title", {"Quick look", "빠른 판독", "Hızlı bakış"}},
    {"look.lead",
     {"Upload radiographs (PNG, JPEG, TIFF or DICOM). No patient is needed.",
      "방사선 사진(PNG, JPEG, TIFF 또는 DICOM)을 올리세요. 환자 등록은 필요하지 않습니다.",
      "Röntgen görüntüleri yükleyin (PNG, JPEG, TIFF veya DICOM). Hasta kaydı gerekmez."}},
    {"upload.choose", {"Choose files", "파일 선택", "Dosya seç"}},
    {"upload.drop",
     {"or drop them here, or paste an image",
      "또는 여기에 끌어다 놓거나 이미지를 붙여 넣으세요",
      "veya buraya sürükleyin ya da bir görüntü yapıştırın"}},
    {"upload.send", {"Upload", "올리기", "Yükle"}},
    {"upload.sending", {"uploading", "올리는 중", "yükleniyor"}},
    {"upload.limit", {"At most {1} each.", "파일당 최대 {1}.", "Her biri en çok {1}."}},
    {"state.waiting", {"waiting", "대기 중", "bekliyor"}},
    {"state.done", {"done", "완료", "tamamlandı"}},
    {"state.failed", {"failed", "실패", "başarısız"}},
    {"state.before",
     {"{1} images are before it.", "앞에 {1}개의 이미지가 있습니다.", "Önünde {1} görüntü var."}},
    {"patients.title", {"Patients", "환자", "Hastalar"}},
    {"patients.search", {"Name or number", "이름 또는 번호", "Ad veya numara"}},
    {"patients.find", {"Search", "검색", "Ara"}},
    {"patients.new", {"New patient", "새 환자", "Yeni hasta"}},
    {"patients.none", {"No patient was found.", "환자를 찾지 못했습니다.", "Hasta bulunamadı."}},
    {"patients.deleted", {"Deleted patients", "삭제된 환자", "Silinen hastalar"}},
    {"patient.number", {"Number", "번호", "Numara"}},
    {"patient.name", {"Name", "이름", "Ad"}},
    {"patient.birth", {"Date of birth", "생년월일", "Doğum tarihi"}},
    {"patient.sex", {"Sex", "성별", "Cinsiyet"}},
    {"patient.sex.F", {"female", "여성", "kadın"}},
    {"patient.sex.M", {"male", "남성", "erkek"}},
    {"patient.sex.O", {"other", "기타", "diğer"}},
    {"patient.note", {"Note", "메모", "Not"}},
    {"patient.exams", {"Images", "이미지", "Görüntüler"}},
    {"patient.edit", {"Edit", "편집", "Düzenle"}},
    {"patient.save", {"Save", "저장", "Kaydet"}},
    {"patient.cancel", {"Cancel", "취소", "Vazgeç"}},
    {"patient.conflict",
     {"Somebody else has changed this patient meanwhile. Both versions are below; nothing was "
      "saved.",
      "그 사이 다른 사람이 이 환자를 수정했습니다. 두 버전이 아래에 있으며 저장되지 않았습니다.",
      "Bu arada başka biri bu hastayı değiştirdi. İki sürüm de aşağıda; hiçbir şey kaydedilmedi."}},
    {"patient.theirs", {"Saved version", "저장된 버전", "Kayıtlı sürüm"}},
    {"patient.yours", {"Your version", "내 버전", "Sizin sürümünüz"}},
    {"delete", {"Delete", "삭제", "Sil"}},
    {"delete.sure",
     {"Delete? It can be restored for {1} days, then it is erased for good.",
      "삭제할까요? {1}일 동안 복원할 수 있으며 그 뒤 완전히 지워집니다.",
      "Silinsin mi? {1} gün boyunca geri alınabilir, sonra tamamen silinir."}},
    {"restore", {"Restore", "복원", "Geri al"}},
    {"erase", {"Erase for good", "완전히 지우기", "Tamamen sil"}},
    {"exam.title", {"Result", "결과", "Sonuç"}},
    {"exam.findings", {"Likeliest findings", "가능성이 높은 소견", "En olası bulgular"}},
    {"exam.probability", {"Probability", "확률", "Olasılık"}},
    {"exam.decision", {"Decision", "판정", "Karar"}},
    {"exam.yes", {"yes", "예", "evet"}},
    {"exam.no", {"no", "아니요", "hayır"}},
    {"exam.from", {"from {1} on", "{1} 이상", "{1} ve üstü"}},
    {"exam.threshold", {"Threshold", "임계값", "Eşik"}},
    {"exam.unlike",
     {"This image is unlike those that the model was trained on (distance {1}; 1 is exceeded by 1 "
      "% "
      "of its own kind). Do not rely on the result.",
      "이 이미지는 모델이 학습한 이미지와 다릅니다(거리 {1}; 같은 종류의 1 %만 1을 넘습니다). "
      "결과를 신뢰하지 마세요.",
      "Bu görüntü modelin eğitildiği görüntülere benzemiyor (uzaklık {1}; kendi türünün % 1'i 1'i "
      "aşar). Sonuca güvenmeyin."}},
    {"exam.boxes", {"Suspected regions", "의심 부위", "Şüpheli bölgeler"}},
    {"exam.noboxes", {"No region was found.", "의심 부위가 없습니다.", "Bölge bulunamadı."}},
    {"exam.download", {"Download", "내려받기", "İndir"}},
    {"exam.report", {"Report", "보고서", "Rapor"}},
    {"exam.again", {"Analyse again", "다시 분석", "Yeniden incele"}},
    {"exam.assign", {"Give to a patient (number)", "환자에게 지정(번호)", "Hastaya ata (numara)"}},
    {"exam.detach", {"No patient", "환자 없음", "Hasta yok"}},
    {"exam.compare", {"Earlier image", "이전 이미지", "Önceki görüntü"}},
    {"exam.show", {"Show beside", "나란히 보기", "Yan yana göster"}},
    {"viewer", {"Image viewer", "이미지 뷰어", "Görüntüleyici"}},
    {"viewer.window", {"Window", "윈도우", "Pencere"}},
    {"viewer.level", {"Level", "레벨", "Düzey"}},
    {"viewer.reset", {"Reset", "초기화", "Sıfırla"}},
    {"viewer.invert", {"Invert", "반전", "Tersine çevir"}},
    {"viewer.turn", {"Turn", "회전", "Döndür"}},
    {"viewer.boxes", {"Boxes", "상자", "Kutular"}},
    {"viewer.heat", {"Heat map", "히트맵", "Isı haritası"}},
    {"viewer.opacity", {"Opacity", "불투명도", "Saydamsızlık"}},
    {"viewer.full", {"Full screen", "전체 화면", "Tam ekran"}},
    {"viewer.keys", {"Keys", "단축키", "Tuşlar"}},
    {"viewer.bone", {"Bone", "뼈", "Kemik"}},
    {"viewer.soft", {"Soft tissue", "연부 조직", "Yumuşak doku"}},
    {"viewer.whole", {"All values", "전체 값", "Tüm değerler"}},
    {"history.title", {"History", "기록", "Geçmiş"}},
    {"history.none", {"No image was found.", "이미지를 찾지 못했습니다.", "Görüntü bulunamadı."}},
    {"history.finding", {"Finding", "소견", "Bulgu"}},
    {"history.state", {"State", "상태", "Durum"}},
    {"history.from", {"From", "시작일", "Başlangıç"}},
    {"history.until", {"Until", "종료일", "Bitiş"}},
    {"history.any", {"any", "전체", "hepsi"}},
    {"history.file", {"File", "파일", "Dosya"}},
    {"history.time", {"Uploaded", "올린 시각", "Yüklendi"}},
    {"history.patient", {"Patient", "환자", "Hasta"}},
    {"history.deleted", {"Deleted", "삭제됨", "Silinen"}},
    {"page.next", {"Next page", "다음 페이지", "Sonraki sayfa"}},
    {"page.first", {"First page", "첫 페이지", "İlk sayfa"}},
    {"model.title", {"Model", "모델", "Model"}},
    {"model.classifier", {"Classifier", "분류기", "Sınıflandırıcı"}},
    {"model.detector", {"Detector", "검출기", "Tespit modeli"}},
    {"model.arch", {"Network", "네트워크", "Ağ"}},
    {"model.size",
     {"Image size (height x width)",
      "이미지 크기(높이 x 너비)",
      "Görüntü boyutu (yükseklik x genişlik)"}},
    {"model.classes", {"Findings", "소견", "Bulgular"}},
    {"model.digest", {"Digest", "다이제스트", "Özet değeri"}},
    {"model.shown",
     {"Boxes are shown from a score of",
      "상자 표시 기준 점수",
      "Kutuların gösterildiği en düşük puan"}},
    {"model.source", {"Trained on", "학습 데이터", "Eğitim verisi"}},
    {"model.licence", {"Licence of the images", "이미지 라이선스", "Görüntülerin lisansı"}},
    {"model.images", {"Images", "이미지", "Görüntüler"}},
    {"model.train", {"Training", "학습", "Eğitim"}},
    {"model.val", {"Validation", "검증", "Doğrulama"}},
    {"model.test", {"Test", "테스트", "Test"}},
    {"model.all", {"all", "전체", "tümü"}},
    {"model.synthetic",
     {"Of the training images, {1} were drawn by a generator.",
      "학습 이미지 중 {1}개는 생성기가 만들었습니다.",
      "Eğitim görüntülerinin {1} tanesini bir üreteç çizdi."}},
    {"model.tested",
     {"Test on {1} images that the training did not use (95 % interval in brackets)",
      "학습에 쓰지 않은 이미지 {1}개로 테스트(괄호 안은 95 % 신뢰구간)",
      "Eğitimde kullanılmayan {1} görüntüyle test (ayraç içinde % 95 güven aralığı)"}},
    {"model.positives", {"With the finding", "소견 있음", "Bulgusu olan"}},
    {"model.sensitivity", {"Sensitivity", "민감도", "Duyarlılık"}},
    {"model.specificity", {"Specificity", "특이도", "Özgüllük"}},
    {"model.found",
     {"Found, at one wrong box per image",
      "이미지당 오탐 1개일 때 검출률",
      "Görüntü başına bir yanlış kutuda bulunan"}},
    {"model.figure", {"Measure", "지표", "Ölçüt"}},
    {"model.value", {"Value", "값", "Değer"}},
    {"model.nocard",
     {"This file says nothing about training and test. Write it with `pack-model`.",
      "이 파일에는 학습과 테스트 정보가 없습니다. `pack-model`로 저장하세요.",
      "Bu dosyada eğitim ve test bilgisi yok. `pack-model` ile yazın."}},
    {"model.untested",
     {"There is no test on images that were kept apart: do not rely on the results.",
      "따로 둔 이미지로 한 테스트가 없습니다. 결과를 신뢰하지 마세요.",
      "Ayrılmış görüntülerle test yapılmadı: sonuçlara güvenmeyin."}},
    {"model.not", {"What it is not for", "사용하면 안 되는 경우", "Ne için değildir"}},
    {"model.not.kind",
     {"For images of another kind than those of the training: another body part, age group, device "
      "or projection.",
      "학습 이미지와 다른 종류의 이미지: 다른 부위, 연령대, 장비 또는 촬영 방향.",
      "Eğitimdekinden başka türde görüntüler: başka vücut bölgesi, yaş grubu, cihaz veya çekim "
      "yönü."}},
    {"model.not.other",
     {"For findings that are not in its list: it does not see them.",
      "목록에 없는 소견: 모델은 이를 찾지 못합니다.",
      "Listede olmayan bulgular: model bunları görmez."}},
    {"model.not.alone",
     {"For decisions without a reader.",
      "판독의 없이 내리는 결정.",
      "Hekim olmadan karar vermek."}},
    {"report.print", {"Print", "인쇄", "Yazdır"}},
    {"audit.time", {"Time", "시각", "Zaman"}},
    {"audit.action", {"Action", "작업", "İşlem"}},
    {"audit.object", {"Record", "기록 번호", "Kayıt"}},
    {"audit.source", {"Address", "주소", "Adres"}},
    {"audit.outcome", {"Outcome", "결과", "Sonuç"}},
    {"error.missing",
     {"There is no such page or record.",
      "그런 페이지나 기록이 없습니다.",
      "Böyle bir sayfa veya kayıt yok."}},
    {"error.forbidden",
     {"Your account may not do this.",
      "이 계정에는 권한이 없습니다.",
      "Hesabınızın buna yetkisi yok."}},
    {"error.form",
     {"The form is out of date. Go back, reload the page and send it again.",
      "양식이 오래되었습니다. 뒤로 가서 페이지를 새로 고친 뒤 다시 보내세요.",
      "Form eskimiş. Geri dönün, sayfayı yenileyin ve yeniden gönderin."}},
    {"error.full",
     {"The disk is full. Nothing was saved; reading goes on.",
      "디스크가 가득 찼습니다. 저장되지 않았으며 조회는 가능합니다.",
      "Disk dolu. Hiçbir şey kaydedilmedi; görüntüleme sürüyor."}},
    {"error.large",
     {"The file is too large: at most {1}.",
      "파일이 너무 큽니다. 최대 {1}입니다.",
      "Dosya çok büyük: en çok {1}."}},
    {"error.title", {"That did not work", "작업을 완료하지 못했습니다", "İşlem yapılamadı"}},
    {"back", {"Back", "뒤로", "Geri"}},
};

const std::map<std::string_view, const WordEntry*>& table() {
  static const auto entries = [] {
    std::map<std::string_view, const WordEntry*> out;
    for (const WordEntry& entry : kWords) out[entry.key] = &entry;
    for (const WordEntry& entry : curation_words()) out[entry.key] = &entry;
    return out;
  }();
  return entries;
}

}  // namespace

Language language_of(std::string_view codes) {
  for (const auto& part : split_text(codes, ',')) {
    const std::string code = lower(trim(part)).substr(0, 2);
    const auto found = std::find(kLanguageCodes.begin(), kLanguageCodes.end(), code);
    if (found != kLanguageCodes.end()) return static_cast<Language>(found - kLanguageCodes.begin());
  }
  return Language::english;
}

std::string word(Language language, std::string_view key, const std::vector<std::string>& values) {
  const auto found = table().find(key);
  if (found == table().end()) throw std::out_of_range(cat("no text '", key, "'"));
  std::string out = found->second->texts[static_cast<size_t>(language)];
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string mark = cat("{", i + 1, "}");
    if (const size_t at = out.find(mark); at != std::string::npos)
      out.replace(at, mark.size(), values[i]);
  }
  return out;
}

std::vector<std::string> word_keys() {
  std::vector<std::string> out;
  for (const auto& [key, entry] : table()) out.emplace_back(key);
  return out;
}

}  // namespace evenray
