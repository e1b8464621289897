// SPDX-License-Identifier: Apache-2.0
#include "core/number.hpp"
#include "dataset/image/image.hpp"
#include "gan/judgement.hpp"
#include "gan/report_figures.hpp"
#include "tests/gan/tiny_gan.hpp"

using namespace evenray;

namespace {

size_t count(const std::string& text, const std::string& what) {
  size_t found = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

/// A copy of the tiny run that may be changed, with nothing but what every run has: SWD, and the
/// sheets of its drawn images.
struct RunCopy {
  ScratchFolder scratch;
  Path run = scratch / "run";
  RunCopy() {
    std::filesystem::copy(TinyRun::get().run, run, std::filesystem::copy_options::recursive);
    for (const char* name : {"judgement.json", "samples/real.png", "samples/nearest.png"})
      std::filesystem::remove(run / name);
    std::string lines;
    for (const auto& line : split_text(read_file(run / "events.jsonl"), '\n')) {
      if (line.empty()) continue;
      Json event = Json::parse(line);
      for (const char* key : {"floor", "msssim", "msssim_real", "memorised", "memorised_bound"})
        event.erase(key);
      lines += event.dump() + "\n";
    }
    events(lines);
  }
  void events(const std::string& lines) { write_text(run / "events.jsonl", lines); }
  std::string page() const { return gan_report_html(run); }
};

std::vector<cv::Mat> report_pictures(uint64_t first, uint64_t count) {
  std::vector<cv::Mat> out;
  for (uint64_t i = first; i < first + count; ++i) out.push_back(tiny_picture(i, 24, 16));
  return out;
}

}  // namespace

TEST_CASE("a run's page answers and leaves out what the run does not have") {
  const std::string page = RunCopy().page();
  CHECK(contains(page, "A generator (dcgan) of Rare"));
  CHECK(contains(page, "No verdict. The best checkpoint, at .0"));
  CHECK(contains(gan_report_html(TinyRun::get().run), "Not usable yet. The best checkpoint, at "));
  CHECK(contains(page, "there is no floor"));
  CHECK(contains(page, "16 drawn images and as many of the training images themselves"));
  CHECK(contains(page, "Trained on 54 images of Rare at 24 × 16 px"));
  CHECK(contains(page, "Sliced Wasserstein distance of drawn to real"));
  CHECK(contains(page, "Drawn images"));
  CHECK(contains(page, "Stages"));
  CHECK(contains(page, "total_kimg"));
  for (const char* absent : {"no data",
                             "How the training went",
                             "Variety and copies",
                             "Augmentation<",
                             "Evaluation of the best checkpoint",
                             "Real and drawn images",
                             "Nearest real images",
                             "Fine detail",
                             "Retries",
                             "Not finished",
                             ">nan",
                             "http://",
                             "https://"}) {
    CAPTURE(absent);
    CHECK_FALSE(contains(page, absent));
  }
}

TEST_CASE("a page with everything that a run may have") {
  RunCopy copy;
  std::string lines;
  for (int i = 1; i <= 900; ++i)
    lines += cat(R"({"step":)",
                 i,
                 R"(,"kimg":)",
                 i * .016,
                 R"(,"level":1,"alpha":1,"loss_d":1.2,"loss_g":)",
                 .5 + i % 7,
                 R"(,"d_real":0.7,"d_fake":0.4,"rate":9,"eta_s":0,"ada_p":)",
                 i * .0005,
                 "}\n");
  lines +=
      R"({"step":300,"kimg":4.8,"swd":80,"floor":21.5,"msssim":0.31,"msssim_real":0.2,"memorised":0,"memorised_bound":0.05}
{"step":400,"kimg":6.4,"retry":1}
{"step":600,"kimg":9.6,"swd":51.5,"floor":21.5,"msssim":0.27,"msssim_real":0.2,"memorised":0.02,"memorised_bound":0.06}
{"step":900,"kimg":14.4,"swd":60,"floor":21.5,"msssim":0.26,"msssim_real":0.2,"memorised":0.04,"memorised_bound":0.07}
)";
  copy.events(lines);
  std::filesystem::remove(copy.run / "judgement.json");
  CHECK(contains(copy.page(),
                 "The best checkpoint, at 9.6 kimg, draws images at an SWD of 51.5 to real ones, "
                 "30 above the floor of 21.5 between real images."));
  write_judgement(copy.run, report_pictures(0, 20), {report_pictures(50, 20)}, {.seed = 1});
  const std::string page = copy.page();
  CHECK(contains(page,
                 cat("The best checkpoint, at 9.6 kimg, draws images at an SWD of ",
                     number_text(read_json(copy.run / "judgement.json")["swd"]["mean"]),
                     " to real ones")));
  CHECK(contains(page, "floor, real against real 21.5"));
  CHECK(contains(page, "One logged value in 3 is drawn."));
  for (const char* part : {"Losses over the training",
                           "The discriminator&#39;s output",
                           "real .2",
                           "bound",
                           "Augmentation strength",
                           "Evaluation of the best checkpoint",
                           "Real and drawn images",
                           "Nearest real images",
                           "Power spectra",
                           "at 6.4 kimg (step 400)",
                           "kimg,swd,floor,msssim,msssim_real,memorised,memorised_bound\n"
                           "4.8000,80.0000,21.5000,0.3100,0.2000,0.0000,0.0500\n"}) {
    CAPTURE(part);
    CHECK(contains(page, part));
  }
  CHECK(count(page, "<h2") == 11);
}

TEST_CASE("the page tells why a run ended early, and where augmentation may show") {
  const RunCopy copy;
  write_judgement(
      copy.run, report_pictures(0, 20), {report_pictures(50, 20)}, {.leaks = {"tilt", "contrast"}});
  Json metrics = read_json(copy.run / "metrics.json");
  metrics["stopped_early"] = "the discriminator is saturated";
  write_json(copy.run / "metrics.json", metrics);
  const std::string page = copy.page();
  CHECK(contains(page, ": the discriminator is saturated. The best checkpoint"));
  CHECK(contains(page, "as augmented ones do in tilt, contrast."));
  CHECK(contains(page, ">Memorised</"));
}

TEST_CASE("the end's judgement answers: its images chose nothing") {
  RunCopy copy;
  write_judgement(copy.run, report_pictures(0, 20), {report_pictures(50, 20)}, {.seed = 1});
  const double swd = read_json(copy.run / "judgement.json")["swd"]["mean"];
  Json judged = read_json(copy.run / "judgement.json");
  judged["swd"]["floor"]["mean"] = swd + 1;
  write_json(copy.run / "judgement.json", judged);
  const std::string page = copy.page();
  CHECK(contains(page, "not above the floor of"));
  CHECK(contains(page,
                 "Measured at the end on 10 drawn images, which were not used to select the "
                 "checkpoint, and as many training images."));
}

TEST_CASE("a run that has not ended says how far it is") {
  RunCopy copy;
  for (const char* name : {"DONE", "metrics.json"}) std::filesystem::remove(copy.run / name);
  CHECK(contains(copy.page(), "Not finished, at .048 kimg. The best checkpoint"));
  CHECK(contains(copy.page(), "of Rare"));
  std::filesystem::remove_all(copy.run / "checkpoints");
  std::filesystem::remove_all(copy.run / "samples");
  copy.events(
      R"({"step":50,"kimg":0.8,"level":4,"alpha":1.0,"loss_d":1.5,"loss_g":0.7,"d_real":0.6,"d_fake":0.4,"rate":80.0,"eta_s":90.0})"
      "\n");
  const std::string page = copy.page();
  CHECK(contains(page, "Not finished, at .8 kimg. There is no evaluation yet."));
  CHECK(contains(page, "Estimated time to the end: 1 min 30 s."));
  CHECK_FALSE(contains(page, "<svg"));
  CHECK_FALSE(contains(page, "<img"));
}

TEST_CASE("sheets are spread over the run, first and last among them") {
  std::vector<SampleSheet> sheets;
  for (int i = 0; i < 21; ++i) sheets.push_back({double(i), cat(i)});
  std::vector<double> at;
  for (const auto& sheet : spread_sheets(sheets, 6)) at.push_back(sheet.kimg);
  CHECK(at == std::vector<double>{0, 4, 8, 12, 16, 20});
  sheets.resize(6);
  CHECK(spread_sheets(sheets, 6).size() == 6);
}

TEST_CASE("a page's images keep to their share of bytes and say so of damaged ones") {
  const ScratchFolder scratch;
  write_atomic(scratch / "noise.png", encode_png(noise(540, 1080)));
  const std::string image = page_image(scratch / "noise.png", 80'000, "grain");
  CHECK(image.size() < 80'000 * 4 / 3 + 500);
  CHECK(image.size() > 50'000);
  CHECK(contains(image, "grain"));
  CHECK(contains(image, "1080"));
  write_text(scratch / "cut.png", read_file(scratch / "noise.png").substr(0, 3000));
  CHECK(error_of([&] { page_image(scratch / "cut.png", 80'000, ""); }).code() == Exit::bad_data);
}
